{{ config(meta={'recompute': {
    'unit': 'month_start',
    'follow': {
        'int_survey_responses_described': '
            select ' ~ month_start('answered_date') ~ ' from '
            ~ changed_in(['response_id', 'account_id', 'link_method', 'answered_date']) ~ ' as changes
        ',
        'int_account_months_observed': '
            select month_start from ' ~ changed_in(['account_id', 'month_start', 'trailing_revenue_12m']) ~ ' as changes
        ',
    },
    'days': rows_of_days(month_start('answered_date'), ['int_survey_responses_described'], 'answered_date')
        ~ ' union all ' ~ rows_of_months('month_start', ['this']),
}}) }}

with

answers as (
    select
        account_id,
        link_method,
        {{ month_start('answered_date') }} as month_start
    from {{ ref('int_survey_responses_described') }}
    {{ touched(month_start('answered_date'), 'where') }}
),

account_months as (
    select
        account_id,
        month_start,
        trailing_revenue_12m
    from {{ ref('int_account_months_observed') }}
    {{ touched('month_start', 'where') }}
),

-- An account counts once for each way, however many of its people answered.
by_account as (
    select
        month_start,
        link_method,
        account_id,
        count(*) as n_answers
    from answers
    group by month_start, link_method, account_id
),

by_method as (
    select
        by_account.month_start,
        by_account.link_method,
        sum(by_account.n_answers) as n_answers,
        sum(account_months.trailing_revenue_12m) as revenue_of_accounts
    from by_account
    left join account_months
        on
            by_account.account_id = account_months.account_id
            and by_account.month_start = account_months.month_start
    group by by_account.month_start, by_account.link_method
),

final as (
    select
        month_start,
        cast(link_method as {{ dbt.type_string() }}) as link_method,
        '{{ var("reporting_currency") }}' as currency,
        {{ as_count('n_answers') }} as n_answers,
        cast(n_answers as {{ float_type() }}) / sum(n_answers) over (partition by month_start) as share_of_answers,
        cast(coalesce(revenue_of_accounts, 0) as {{ money_type() }}) as revenue_of_accounts
    from by_method
)

select * from final
