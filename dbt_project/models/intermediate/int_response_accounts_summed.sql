{{ config(meta={'recompute': {
    'unit': 'month_start',
    'follow': {
        'fct_survey_invitations': 'select ' ~ month_start('sent_date') ~ ' from {changes}',
        'int_account_months_observed': 'select month_start from ' ~ changed_in(
            ['account_id', 'month_start', 'revenue'] + var('account_dimensions')
        ),
    },
    'days': rows_of_months('month_start', ['int_account_months_observed', 'this']),
}}) }}

with

invitations as (
    select * from {{ ref('fct_survey_invitations') }}
    where
        account_id is not null
        and survey_id not in (select withheld.survey_id from {{ ref('int_surveys_withheld') }} as withheld)
        {{ touched(month_start('sent_date')) }}
),

account_months as (
    select * from {{ ref('int_account_months_observed') }}
    {{ touched('month_start', 'where') }}
),

accounts as (
    select
        account_id,
        survey_id,
        {{ month_start('sent_date') }} as month_start,
        max(case when is_scored then 1 else 0 end) as n_scored
    from invitations
    group by account_id, survey_id, {{ month_start('sent_date') }}
),

-- As the account was at the end of the month, in which it counts once.
described as (
    select
        accounts.month_start,
        accounts.survey_id,
        account_months.segment,
        account_months.size_band,
        account_months.region,
        account_months.industry,
        {% for field in var('account_fields') %}
        account_months.{{ field }},
        {% endfor %}
        account_months.owner_id,
        accounts.n_scored,
        coalesce(account_months.revenue, 0) as revenue,
        case when accounts.n_scored = 1 then coalesce(account_months.revenue, 0) else 0 end as revenue_scored
    from accounts
    left join account_months
        on
            accounts.account_id = account_months.account_id
            and accounts.month_start = account_months.month_start
),

summed as (
    {{ grouped_by_dimension(
        'described',
        ['month_start', 'survey_id'],
        {
            'n_accounts_invited': 'count(*)',
            'n_accounts_scored': 'sum(n_scored)',
            'revenue_invited': 'sum(revenue)',
            'revenue_scored': 'sum(revenue_scored)',
        },
        var('account_dimensions'),
    ) }}
),

final as (
    select
        month_start,
        survey_id,
        dimension,
        dimension_value,
        {{ as_count('n_accounts_invited') }} as n_accounts_invited,
        {{ as_count('n_accounts_scored') }} as n_accounts_scored,
        cast(revenue_invited as {{ money_type() }}) as revenue_invited,
        cast(revenue_scored as {{ money_type() }}) as revenue_scored
    from summed
)

select * from final
