{{ config(meta={'recheck': {'follow': {
    'stg_crm__revenue': 'account_id',
    'fct_account_revenue_months': 'account_id',
    'int_exchange_rates_filled': 'select account_id from {stg_crm__revenue} where currency in (select currency from {changes})',
}}}) }}

-- The revenue and the cost of an account are those of its accepted lines, each day of a service period at the rate of
-- its month: spreading makes no money and loses none, and no line is left without a rate. Counted by days, apart from
-- the way in which the fact spreads; a line may be off by a rounding of its six decimals.
with

revenue as (
    select * from {{ ref('stg_crm__revenue') }}
    where
        verdict = 'accepted'
        {{ touched('account_id') }}
),

lines as (
    select
        account_id,
        currency,
        {{ months_spanned('period_start', 'period_end') }} as month_start,
        period_start,
        period_end,
        amount,
        cost
    from revenue
    {{ join_months_spanned('period_start', 'period_end') }}
),

shared as (
    select
        lines.account_id,
        lines.amount,
        lines.cost,
        rates.rate,
        cast(
            {{ days_between('lines.period_start', 'lines.month_start') }} as {{ float_type() }}
        ) as days_before_month,
        {{ days_between('lines.month_start', add_months('lines.month_start', 1)) }} as n_days_of_month,
        {{ days_between('lines.period_start', 'lines.period_end') }} + 1 as n_days
    from lines
    left join {{ ref('int_exchange_rates_filled') }} as rates
        on
            lines.currency = rates.currency
            and lines.month_start = rates.month_start
),

-- Of the month's days those that lie in the period.
by_account as (
    select
        account_id,
        count(*) - count(rate) as n_without_rate,
        sum(
            amount * rate
            * (least(days_before_month + n_days_of_month, n_days) - greatest(days_before_month, 0)) / n_days
        ) as revenue,
        sum(
            coalesce(cost, 0) * rate
            * (least(days_before_month + n_days_of_month, n_days) - greatest(days_before_month, 0)) / n_days
        ) as cost
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

final as (
    select
        coalesce(converted.account_id, by_account.account_id) as account_id,
        converted.revenue as converted_revenue,
        by_account.revenue as ledger_revenue,
        converted.cost as converted_cost,
        by_account.cost as ledger_cost,
        by_account.n_without_rate
    from converted
    full outer join by_account
        on converted.account_id = by_account.account_id
    where
        by_account.n_without_rate > 0
        or abs(coalesce(converted.revenue, 0) - coalesce(by_account.revenue, 0)) > 0.01
        or abs(coalesce(converted.cost, 0) - coalesce(by_account.cost, 0)) > 0.01
)

select * from final
