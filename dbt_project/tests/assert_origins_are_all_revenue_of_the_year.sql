-- Retained, returned and new customers, and the origins of the new ones, share out the revenue of a year, and their
-- base is the revenue of the year before.
with

ledger as (
    select
        cast(extract(year from month_start) as {{ dbt.type_int() }}) as year,
        sum(revenue) as revenue
    from {{ ref('fct_account_revenue_months') }}
    group by cast(extract(year from month_start) as {{ dbt.type_int() }})
),

growth as (
    select * from {{ ref('earned_growth') }}
),

final as (
    select
        growth.year,
        growth.revenue,
        growth.base_revenue,
        ledger.revenue as ledger_revenue,
        year_before.revenue as ledger_base_revenue
    from growth
    left join ledger
        on growth.year = ledger.year
    left join ledger as year_before
        on growth.year - 1 = year_before.year
    where
        growth.revenue <> coalesce(ledger.revenue, 0)
        or growth.base_revenue <> coalesce(year_before.revenue, 0)
        or growth.revenue <> (
            growth.retained_revenue
            + growth.returned_revenue
            + growth.earned_new_revenue
            + growth.bought_new_revenue
            + growth.unknown_new_revenue
        )
)

select * from final
