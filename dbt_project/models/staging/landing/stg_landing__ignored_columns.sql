with

ignored_columns as (
    select * from {{ source('landing', 'ignored_columns') }}
),

final as (
    select
        {{ clean_text('raw_table') }} as raw_table,
        {{ clean_text('column_name') }} as column_name,
        {{ clean_text('value') }} as value,
        {{ as_count('n_rows') }} as n_rows
    from ignored_columns
)

select * from final
