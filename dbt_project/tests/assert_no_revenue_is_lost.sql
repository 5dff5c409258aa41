-- Amounts that arrived, against those that count or are set aside and those of rows that were replaced or deleted.
with

raw_revenue as (
    select * from {{ source('crm', 'crm_revenue') }}
),

arrived as (
    select sum({{ parse_money('amount') }}) as amount
    from raw_revenue
),

judged as (
    select
        sum(case when verdict in ('accepted', 'quarantined') then amount else 0 end) as amount_kept,
        sum(case when verdict in ('superseded', 'deleted') then amount else 0 end) as amount_replaced
    from {{ ref('stg_crm__revenue') }}
),

final as (
    select
        arrived.amount,
        judged.amount_kept,
        judged.amount_replaced
    from arrived
    cross join judged
    where arrived.amount <> judged.amount_kept + judged.amount_replaced
)

select * from final
