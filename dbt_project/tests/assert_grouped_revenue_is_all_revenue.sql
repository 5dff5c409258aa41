{{ config(meta={'recheck': {'follow': {
    'fct_account_revenue_months': 'month_start',
    'revenue_by_nps_group': 'month_start',
    'as_of': "select month_start from {fct_account_revenue_months} where "
        ~ add_days(add_months('month_start', 1), -1) ~ " between least(date '{before}', date '{now}') "
        ~ "and greatest(date '{before}', date '{now}')",
}}}) }}

-- Every account with revenue in a whole month has one group at its end, so that the groups add up to the ledger.
with

grouped as (
    select
        month_start,
        revenue_type,
        sum(revenue) as revenue,
        sum(profit) as profit
    from {{ ref('revenue_by_nps_group') }}
    {{ touched('month_start', 'where') }}
    group by month_start, revenue_type
),

ledger as (
    select
        month_start,
        revenue_type,
        sum(revenue) as revenue,
        sum(profit) as profit
    from {{ ref('fct_account_revenue_months') }}
    where
        {{ add_months('month_start', 1) }} <= {{ add_days(as_of_date(), 1) }}
        {{ touched('month_start') }}
    group by month_start, revenue_type
),

final as (
    select
        coalesce(grouped.month_start, ledger.month_start) as month_start,
        coalesce(grouped.revenue_type, ledger.revenue_type) as revenue_type,
        grouped.revenue as grouped_revenue,
        ledger.revenue as ledger_revenue
    from grouped
    full outer join ledger
        on
            grouped.month_start = ledger.month_start
            and grouped.revenue_type = ledger.revenue_type
    where
        grouped.month_start is null
        or ledger.month_start is null
        or grouped.revenue <> ledger.revenue
        or grouped.profit <> ledger.profit
)

select * from final
