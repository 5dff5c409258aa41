with

quarantined_rows as (
    select * from {{ ref('quarantined_rows') }}
),

summarised as (
    select
        raw_table,
        reason,
        count(*) as n_rows,
        min(row_key) as example_key,
        min(loaded_at) as first_seen
    from quarantined_rows
    group by raw_table, reason
),

final as (
    select
        cast(raw_table as {{ dbt.type_string() }}) as raw_table,
        cast(reason as {{ dbt.type_string() }}) as reason,
        cast(example_key as {{ dbt.type_string() }}) as example_key,
        cast(n_rows as bigint) as n_rows,
        cast(first_seen as timestamp) as first_seen
    from summarised
)

select * from final
