-- Every account has one risk status, so that what is at risk, watched, safe and unknown add up to the ledger of the
-- twelve whole months before the month of the build.
with

parts as (
    select sum(trailing_revenue_12m) as revenue
    from {{ ref('revenue_at_risk') }}
    where risk_status in ('at_risk', 'watch', 'safe', 'unknown')
),

ledger as (
    select sum(revenue) as revenue
    from {{ ref('fct_account_revenue_months') }}
    where
        month_start < {{ month_start(as_of_date()) }}
        and month_start >= {{ add_months(month_start(as_of_date()), -12) }}
),

final as (
    select
        parts.revenue as parts_revenue,
        ledger.revenue as ledger_revenue
    from parts
    cross join ledger
    where coalesce(parts.revenue, 0) <> coalesce(ledger.revenue, 0)
)

select * from final
