{% set text = dbt.type_string() %}
{% set named = adapter.quote('column') %}

with

ignored_columns as (
    select * from {{ ref('stg_landing__ignored_columns') }}
),

value_words as (
    select
        {{ named }} as word_of,
        lower({{ clean_text(adapter.quote('word')) }}) as word,
        {{ clean_text(adapter.quote('value')) }} as meaning
    from {{ ref('value_words') }}
),

-- What the name of a column says of a row that it marks.
meant as (
    select
        *,
        case
            when squeezed in ('finished', 'isfinished') then 'complete'
            when squeezed in ('active', 'isactive') then 'active'
            when squeezed in ('status', 'distributionchannel') then 'status'
            when squeezed in ('deletedat') then 'moment'
            else 'mark'
        end as kind
    from (
        select
            *,
            replace(replace(replace(lower(column_name), '_', ''), ' ', ''), '-', '') as squeezed
        from ignored_columns
    ) as squeezed_columns
),

-- Codes of a status are known only beside the 0 of a row that counts.
commonest as (
    select
        raw_table,
        column_name,
        sum(n_rows) as n_rows,
        sum(case when value = '0' then n_rows else 0 end) as n_zeros,
        sum(case when {{ parse_number('value') }} is not null then n_rows else 0 end) as n_numbers
    from meant
    group by raw_table, column_name
),

worded as (
    select
        meant.raw_table,
        meant.column_name,
        meant.value,
        meant.kind,
        meant.n_rows,
        max(case when value_words.word_of in ('boolean', 'is_excluded', 'is_deleted') then value_words.meaning end)
            as mark_meaning,
        max(case when value_words.word_of in ('is_excluded', 'is_deleted') then value_words.meaning end)
            as status_meaning,
        max(case when value_words.word_of in ('boolean', 'is_complete') then value_words.meaning end)
            as complete_meaning,
        max(case when value_words.word_of = 'is_complete' then value_words.meaning end) as progress_meaning,
        max(case when value_words.word_of in ('boolean', 'is_active') then value_words.meaning end) as active_meaning
    from meant
    left join value_words
        on lower(meant.value) = value_words.word
    group by meant.raw_table, meant.column_name, meant.value, meant.kind, meant.n_rows
),

summed as (
    select
        worded.raw_table,
        worded.column_name,
        max(commonest.n_rows) as n_rows,
        sum(
            case
                when worded.value is null then 0
                when worded.kind = 'mark' and worded.mark_meaning = 'true' then worded.n_rows
                when worded.kind = 'moment' then worded.n_rows
                when worded.kind = 'complete' and worded.complete_meaning = 'false' then worded.n_rows
                when worded.kind = 'active' and worded.active_meaning = 'false' then worded.n_rows
                when worded.kind <> 'status' then 0
                when worded.status_meaning = 'true' then worded.n_rows
                when worded.raw_table = 'survey_responses' and worded.progress_meaning = 'false' then worded.n_rows
                when
                    commonest.n_zeros > 0.5 * commonest.n_rows
                    and commonest.n_numbers = commonest.n_rows
                    and worded.value <> '0'
                    then worded.n_rows
                else 0
            end
        ) as n_flagged
    from worded
    inner join commonest
        on
            worded.raw_table = commonest.raw_table
            and worded.column_name = commonest.column_name
    group by worded.raw_table, worded.column_name
),

final as (
    select
        raw_table,
        column_name as subject,
        {{ check_verdict('false', 'n_flagged > 0') }} as verdict,
        case
            when n_flagged = 0
                then concat('The column ', column_name, ' is not read, and marks no row.')
            else concat(
                    cast(n_flagged as {{ text }}), ' of ', cast(n_rows as {{ text }}),
                    ' rows are marked by the column ', column_name,
                    ', which is not read: tests, previews, unfinished or deleted rows count like any other. ',
                    'Give it as is_excluded, is_complete or is_deleted.'
                )
        end as message,
        cast(null as {{ text }}) as example_key,
        {{ as_count('n_rows') }} as n_rows,
        {{ as_count('n_flagged') }} as n_flagged
    from summed
)

select * from final
