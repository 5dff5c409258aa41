{{ config(partition_by=partitioned_by_month('month_start'), meta={'recompute': {
    'unit': 'account_id',
    'follow': {
        'stg_crm__revenue': 'account_id',
        'int_exchange_rates_filled': '
            select revenue.account_id from {stg_crm__revenue} as revenue
            inner join {changes} as changes
                on
                    revenue.currency = changes.currency
                    and revenue.period_end >= changes.month_start
                    and revenue.period_start < ' ~ add_months('changes.month_start', 1) ~ '
        ',
    },
}}) }}

with

revenue as (
    select * from {{ ref('stg_crm__revenue') }}
    where
        verdict = 'accepted'
        {{ touched('account_id') }}
),

rates as (
    select * from {{ ref('int_exchange_rates_filled') }}
),

-- Most lines are of one month, and are that month's as they stand.
within_a_month as (
    select
        account_id,
        revenue_type,
        currency,
        {{ month_start('period_start') }} as month_start,
        cast(amount as {{ money_type() }}) as amount,
        cast(cost as {{ money_type() }}) as cost
    from revenue
    where {{ month_start('period_start') }} = {{ month_start('period_end') }}
),

spread as (
    select
        account_id,
        revenue_type,
        currency,
        amount,
        cost,
        period_start,
        period_end,
        {{ months_spanned('period_start', 'period_end') }} as month_start
    from revenue
    {{ join_months_spanned('period_start', 'period_end') }}
    where {{ month_start('period_start') }} < {{ month_start('period_end') }}
),

counted as (
    select
        *,
        {{ days_between('period_start', 'period_end') }} + 1 as n_days,
        greatest({{ days_between('period_start', 'month_start') }}, 0) as n_days_before,
        {{ days_between(
            'period_start', least_date(add_months('month_start', 1), add_days('period_end', 1))
        ) }} as n_days_through
    from spread
),

-- What was earned through the month's end less what was earned before it: the parts of a line add up to it exactly.
earned as (
    select
        account_id,
        revenue_type,
        currency,
        month_start,
        amount,
        cost
    from within_a_month
    union all
    select
        account_id,
        revenue_type,
        currency,
        month_start,
        {{ earned_share('amount', 'n_days_through', 'n_days') }}
        - {{ earned_share('amount', 'n_days_before', 'n_days') }} as amount,
        {{ earned_share('cost', 'n_days_through', 'n_days') }}
        - {{ earned_share('cost', 'n_days_before', 'n_days') }} as cost
    from counted
),

converted as (
    select
        earned.account_id,
        earned.revenue_type,
        earned.month_start,
        {{ converted_money('earned.amount', 'earned.currency', 'rates.rate') }} as revenue,
        {{ converted_money('earned.cost', 'earned.currency', 'rates.rate') }} as cost
    from earned
    inner join rates
        on
            earned.currency = rates.currency
            and earned.month_start = rates.month_start
),

summed as (
    select
        account_id,
        month_start,
        revenue_type,
        cast(sum(revenue) as {{ money_type() }}) as revenue,
        cast(coalesce(sum(cost), 0) as {{ money_type() }}) as cost
    from converted
    group by account_id, month_start, revenue_type
),

final as (
    select
        account_id,
        month_start,
        revenue_type,
        '{{ var("reporting_currency") }}' as currency,
        revenue,
        cost,
        cast(revenue - cost as {{ money_type() }}) as profit
    from summed
)

select * from final
