with

revenue as (
    select * from {{ ref('stg_crm__revenue') }}
    where verdict = 'accepted'
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

final as (
    select
        account_id,
        revenue_type,
        currency,
        cast(sum(amount) as {{ money_type() }}) as amount,
        cast(coalesce(sum(cost), 0) as {{ money_type() }}) as cost,
        month_start
    from earned
    group by account_id, revenue_type, currency, month_start
)

select * from final
