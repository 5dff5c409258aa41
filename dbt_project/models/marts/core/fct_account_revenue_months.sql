with

revenue as (
    select * from {{ ref('int_account_revenue_by_currency') }}
),

rates as (
    select * from {{ ref('int_exchange_rates_filled') }}
),

converted as (
    select
        revenue.account_id,
        revenue.revenue_type,
        revenue.month_start,
        {{ converted_money('revenue.amount', 'revenue.currency', 'rates.rate') }} as revenue,
        {{ converted_money('revenue.cost', 'revenue.currency', 'rates.rate') }} as cost
    from revenue
    inner join rates
        on
            revenue.currency = rates.currency
            and revenue.month_start = rates.month_start
),

final as (
    select
        account_id,
        month_start,
        revenue_type,
        '{{ var("reporting_currency") }}' as currency,
        cast(sum(revenue) as {{ money_type() }}) as revenue,
        cast(sum(cost) as {{ money_type() }}) as cost,
        cast(sum(revenue) - sum(cost) as {{ money_type() }}) as profit
    from converted
    group by account_id, month_start, revenue_type
)

select * from final
