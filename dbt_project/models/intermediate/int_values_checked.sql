{% set text = dbt.type_string() %}

with

quarantined_rows as (
    select * from {{ ref('quarantined_rows') }}
    where
        reason like '%_invalid'
        or reason like '%_implausible'
),

tables as (
    select
        raw_table,
        n_raw - n_superseded as n_rows
    from {{ ref('row_reconciliation') }}
),

named as (
    select
        raw_table,
        case
            when reason = 'period_invalid' then 'period_start'
            else regexp_replace(reason, '_(invalid|implausible)$', '')
        end as column_name,
        reason,
        row_key,
        raw_row
    from quarantined_rows
),

valued as (
    select
        raw_table,
        column_name,
        reason,
        row_key,
        trim({{ json_text('raw_row', 'column_name') }}) as given_value
    from named
),

-- What the values look like says what to do; the values themselves may be personal.
shaped as (
    select
        raw_table,
        column_name,
        row_key,
        case
            when reason like '%_implausible' then 'implausible'
            when column_name not like '%_at' and column_name not like '%date' and column_name not like 'period%'
                and column_name <> 'month'
                then 'word'
            when {{ text_matches('given_value', text_literal('^\\d{10}([.]\\d+)?$')) }} then 'seconds'
            when {{ text_matches('given_value', text_literal('^\\d{13}$')) }} then 'milliseconds'
            when {{ text_matches('given_value', text_literal('^[2-6]\\d{4}([.]\\d+)?$')) }} then 'spreadsheet'
            when {{ text_matches('given_value', text_literal('^\\d{1,4}[/.-]\\d{1,2}[/.-]\\d{1,4}')) }} then 'order'
            else 'other'
        end as shape
    from valued
),

shapes as (
    select
        raw_table,
        column_name,
        shape,
        count(*) as n_rows,
        min(row_key) as example_key
    from shaped
    group by raw_table, column_name, shape
),

commonest as (
    select
        *,
        sum(n_rows) over (partition by raw_table, column_name) as n_flagged,
        row_number() over (partition by raw_table, column_name order by n_rows desc, shape asc) as place
    from shapes
),

final as (
    select
        commonest.raw_table,
        commonest.column_name as subject,
        {{ check_verdict(
            'false',
            'commonest.n_flagged > 0.01 * tables.n_rows and commonest.n_flagged >= ' ~ var('minimum_flagged_answers'),
        ) }} as verdict,
        concat(
            cast(commonest.n_flagged as {{ text }}), ' rows of ', cast(tables.n_rows as {{ text }}),
            ' are set aside for their ', commonest.column_name, '. ',
            case commonest.shape
                when 'implausible'
                    then 'It lies before {{ var("earliest_date") }} or over fifty years ahead (earliest_date).'
                when 'seconds' then 'It looks like Unix seconds; export ISO 8601, such as 2026-01-31T10:00:00Z.'
                when 'milliseconds'
                    then 'It looks like Unix milliseconds; export ISO 8601, such as 2026-01-31T10:00:00Z.'
                when 'spreadsheet'
                    then 'It looks like the day number of a spreadsheet; export ISO 8601, such as 2026-01-31.'
                when 'order'
                    then concat(
                            'Nobody knows whether the day or the month comes first, or the century; ',
                            'export ISO 8601, such as 2026-01-31.'
                        )
                when 'word'
                    then 'The word or number is not known; say what a word means in seeds/reference/value_words.csv.'
                else 'It is no date; export ISO 8601, such as 2026-01-31T10:00:00Z.'
            end
        ) as message,
        commonest.example_key,
        {{ as_count('tables.n_rows') }} as n_rows,
        {{ as_count('commonest.n_flagged') }} as n_flagged
    from commonest
    inner join tables
        on commonest.raw_table = tables.raw_table
    where commonest.place = 1
)

select * from final
