{{ config(meta={'compared_by': 'currency'}) }}

with

rates as (
    select * from {{ ref('stg_finance__exchange_rates') }}
    where verdict = 'accepted'
),

revenue_periods as (
    select
        currency,
        min(period_start) as first_day,
        max(period_end) as last_day
    from {{ ref('stg_crm__revenue') }}
    where verdict = 'accepted'
    group by currency
),

revenue_months as (
    select
        currency,
        {{ months_spanned('first_day', 'last_day') }} as month_start
    from revenue_periods
    {{ join_months_spanned('first_day', 'last_day') }}
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

-- Staging let through only lines that have a rate: their months' own or, for a month still to come, the newest one. A
-- month without revenue may have none.
final as (
    select
        revenue_months.currency,
        cast(
            case
                when revenue_months.currency = '{{ var("reporting_currency") }}' then 1
                else coalesce(rates.rate, newest_rates.rate)
            end as {{ decimal_type(24, 12) }}
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
