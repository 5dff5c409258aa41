with

reconciliation as (

    select * from {{ ref('row_reconciliation') }}

),

kept as (

    select
        raw_table,
        count(*) as n_kept
    from {{ ref('quarantined_rows') }}
    group by raw_table

),

summarised as (

    select
        raw_table,
        sum(n_rows) as n_summarised
    from {{ ref('quarantine_summary') }}
    group by raw_table

),

final as (

    select
        reconciliation.raw_table,
        reconciliation.n_quarantined,
        kept.n_kept,
        summarised.n_summarised
    from reconciliation
    left join kept on reconciliation.raw_table = kept.raw_table
    left join summarised on reconciliation.raw_table = summarised.raw_table
    where reconciliation.n_quarantined <> coalesce(kept.n_kept, 0)
        or reconciliation.n_quarantined <> coalesce(summarised.n_summarised, 0)

)

select * from final
