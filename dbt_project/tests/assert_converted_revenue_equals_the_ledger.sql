-- Every month of every account has a rate, so that conversion drops no row: the revenue of an account is its amounts
-- at the rates of their months. An amount without a rate counts as lost.
with

converted as (
    select
        account_id,
        sum(revenue) as revenue
    from {{ ref('fct_account_revenue_months') }}
    group by account_id
),

by_currency as (
    select
        revenue.account_id,
        count(*) - count(rates.rate) as n_without_rate,
        sum(revenue.amount * rates.rate) as revenue
    from {{ ref('int_account_revenue_by_currency') }} as revenue
    left join {{ ref('int_exchange_rates_filled') }} as rates
        on
            revenue.currency = rates.currency
            and revenue.month_start = rates.month_start
    group by revenue.account_id
),

final as (
    select
        coalesce(converted.account_id, by_currency.account_id) as account_id,
        converted.revenue as converted_revenue,
        by_currency.revenue as ledger_revenue,
        by_currency.n_without_rate
    from converted
    full outer join by_currency
        on converted.account_id = by_currency.account_id
    where
        by_currency.n_without_rate > 0
        or abs(coalesce(converted.revenue, 0) - coalesce(by_currency.revenue, 0)) > 0.01
)

select * from final
