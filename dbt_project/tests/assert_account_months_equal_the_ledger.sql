-- Spreading a line over its service period neither makes money nor loses any: the amounts of all months are the
-- amounts of the accepted lines, in each currency. A cent is left for lines whose days do not divide.
with

ledger as (
    select
        currency,
        sum(amount) as amount,
        sum(coalesce(cost, 0)) as cost
    from {{ ref('stg_crm__revenue') }}
    where verdict = 'accepted'
    group by currency
),

account_months as (
    select
        currency,
        sum(amount) as amount,
        sum(cost) as cost
    from {{ ref('int_account_revenue_by_currency') }}
    group by currency
),

final as (
    select
        coalesce(ledger.currency, account_months.currency) as currency,
        ledger.amount as ledger_amount,
        account_months.amount as months_amount,
        ledger.cost as ledger_cost,
        account_months.cost as months_cost
    from ledger
    full outer join account_months
        on ledger.currency = account_months.currency
    where
        abs(coalesce(ledger.amount, 0) - coalesce(account_months.amount, 0)) > 0.01
        or abs(coalesce(ledger.cost, 0) - coalesce(account_months.cost, 0)) > 0.01
)

select * from final
