{{ config(meta={'recheck': {'follow': {
    'stg_crm__revenue': 'account_id',
    'int_revenue_reversals_dated': 'account_id',
    'fct_account_revenue_months': 'account_id',
    'int_exchange_rates_filled': 'select account_id from {stg_crm__revenue} where currency in (select currency from {changes})',
}}}) }}

-- The revenue and the cost of an account are those of its accepted lines, each day of a service period at the rate of
-- its month: spreading makes no money and loses none, and no line is left without a rate. A reversal has the days of
-- int_revenue_reversals_dated. Counted by days, apart from
-- the way in which the fact spreads; a line may be off by a rounding of its nine decimals.
with

revenue as (
    select * from {{ ref('stg_crm__revenue') }}
    where
        verdict = 'accepted'
        and reverses_revenue_id is null
        {{ touched('account_id') }}
),

reversals as (
    select * from {{ ref('int_revenue_reversals_dated') }}
    {{ touched('account_id', 'where') }}
),

dated as (
    select
        account_id,
        currency,
        amount,
        cost,
        period_start,
        period_end,
        period_start as earned_start
    from revenue
    union all
    select
        account_id,
        currency,
        amount,
        cost,
        period_start,
        period_end,
        earned_start
    from reversals
),

lines as (
    select
        account_id,
        currency,
        {{ months_spanned('earned_start', 'period_end') }} as month_start,
        period_start,
        period_end,
        earned_start,
        amount,
        coalesce(cost, 0) as cost
    from dated
    {{ join_months_spanned('earned_start', 'period_end') }}
),

-- A whole number near each amount, and the rest, because no 64-bit number has the cents of 10^15.
counted as (
    select
        account_id,
        currency,
        month_start,
        amount,
        cost,
        cast(cast(amount as {{ float_type() }}) as {{ dbt.type_bigint() }}) as whole_amount,
        cast(cast(cost as {{ float_type() }}) as {{ dbt.type_bigint() }}) as whole_cost,
        {{ days_between('period_start', 'earned_start') }} as n_days_before,
        {{ days_between('period_start', 'month_start') }} as n_days_before_month,
        {{ days_between('month_start', add_months('month_start', 1)) }} as n_days_of_month,
        {{ days_between('period_start', 'period_end') }} + 1 as n_days
    from lines
),

-- Of the month's days those that lie in the period.
shared as (
    select
        counted.*,
        rates.rate,
        least(counted.n_days_before_month + counted.n_days_of_month, counted.n_days)
        - greatest(counted.n_days_before_month, counted.n_days_before) as n_days_earned
    from counted
    left join {{ ref('int_exchange_rates_filled') }} as rates
        on
            counted.currency = rates.currency
            and counted.month_start = rates.month_start
),

by_account as (
    select
        account_id,
        count(*) - count(rate) as n_without_rate,
        sum({{ whole_quotient('whole_amount', 'n_days') }} * n_days_earned * rate) as whole_amount,
        sum(
            (whole_amount % n_days + cast(amount - whole_amount as {{ float_type() }}))
            * n_days_earned / n_days * cast(rate as {{ float_type() }})
        ) as rest_of_amount,
        sum({{ whole_quotient('whole_cost', 'n_days') }} * n_days_earned * rate) as whole_cost,
        sum(
            (whole_cost % n_days + cast(cost - whole_cost as {{ float_type() }}))
            * n_days_earned / n_days * cast(rate as {{ float_type() }})
        ) as rest_of_cost
    from shared
    group by account_id
),

converted as (
    select
        account_id,
        sum(revenue) as revenue,
        sum(cost) as cost
    from {{ ref('fct_account_revenue_months') }}
    {{ touched('account_id', 'where') }}
    group by account_id
),

compared as (
    select
        coalesce(converted.account_id, by_account.account_id) as account_id,
        by_account.n_without_rate,
        cast(coalesce(converted.revenue, 0) - coalesce(by_account.whole_amount, 0) as {{ float_type() }})
        - coalesce(by_account.rest_of_amount, 0) as revenue_too_much,
        cast(coalesce(converted.cost, 0) - coalesce(by_account.whole_cost, 0) as {{ float_type() }})
        - coalesce(by_account.rest_of_cost, 0) as cost_too_much
    from converted
    full outer join by_account
        on converted.account_id = by_account.account_id
),

final as (
    select * from compared
    where
        n_without_rate > 0
        or abs(revenue_too_much) > 0.01
        or abs(cost_too_much) > 0.01
)

select * from final
