with

rates as (
    select * from {{ ref('stg_finance__exchange_rates') }}
    where verdict = 'accepted'
),

revenue_months as (
    select distinct
        currency,
        month_start
    from {{ ref('int_account_revenue_by_currency') }}
),

newest as (
    select
        currency,
        max(month_start) as month_start
    from rates
    group by currency
),

newest_rates as (
    select rates.*
    from rates
    inner join newest
        on
            rates.currency = newest.currency
            and rates.month_start = newest.month_start
),

-- Staging let through only what has a rate: its month's own or, for a month still to come, the newest one.
final as (
    select
        revenue_months.currency,
        cast(
            case
                when revenue_months.currency = '{{ var("reporting_currency") }}' then 1
                else coalesce(rates.rate, newest_rates.rate)
            end as {{ decimal_type(28, 12) }}
        ) as rate,
        revenue_months.month_start
    from revenue_months
    left join rates
        on
            revenue_months.currency = rates.currency
            and revenue_months.month_start = rates.month_start
    left join newest_rates
        on revenue_months.currency = newest_rates.currency
)

select * from final
