{% set follow = {} %}
{% for table in raw_tables() %}
{% set unit = "select '" ~ table.name ~ " ' || cast(_row_number as " ~ dbt.type_string() ~ ') from {changes}' %}
{% do follow.update({table.name: unit, table.model: unit ~ " where verdict = 'quarantined'"}) %}
{% endfor %}

{{ config(meta={'recompute': {
    'unit': "raw_table || ' ' || cast(_row_number as " ~ dbt.type_string() ~ ')',
    'follow': follow,
}}) }}

with

{% for table in raw_tables() %}

quarantined_{{ table.name }} as (
    select
        _row_number,
        quarantine_reason,
        loaded_at
    from {{ ref(table.model) }}
    where
        verdict = 'quarantined'
        {{ touched("'" ~ table.name ~ " ' || cast(_row_number as " ~ dbt.type_string() ~ ')') }}
),

raw_{{ table.name }} as (
    select * from {{ source(table.source, table.name) }}
    {{ touched_files(
        table.name,
        'select _row_number from ' ~ ref(table.model) ~ " where verdict = 'quarantined' and '" ~ table.name
            ~ " ' || cast(_row_number as " ~ dbt.type_string() ~ ') in {units}',
        'where',
    ) }}
),

{% endfor %}

unioned as (
    {% for table in raw_tables() %}
    select
        '{{ table.name }}' as raw_table,
        quarantined._row_number,
        raw_rows._source_file as source_file,
        quarantined.quarantine_reason as reason,
        {{ key_text(table.key, 'raw_rows') }} as row_key,
        {{ row_as_json('raw_rows') }} as raw_row,
        quarantined.loaded_at
    from raw_{{ table.name }} as raw_rows
    inner join quarantined_{{ table.name }} as quarantined on raw_rows._row_number = quarantined._row_number
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from unioned
