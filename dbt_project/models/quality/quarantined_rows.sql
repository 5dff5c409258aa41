{# Set aside is what staging sets aside, and every answer of a survey that is withheld. #}
{% set is_set_aside = "verdict = 'quarantined'" %}
{% set is_answer_set_aside = is_set_aside ~ " or (verdict = 'accepted' and traced_survey_id in (select survey_id from {withheld}))" %}

{% set follow = {} %}
{% for table in raw_tables() %}
{% set unit = "select '" ~ table.name ~ " ' || cast(_row_number as " ~ dbt.type_string() ~ ')' %}
{% set condition = is_answer_set_aside if table.name == 'survey_responses' else is_set_aside %}
{% do follow.update({
    table.name: unit ~ ' from {changes}',
    table.model: unit ~ ' from {changes} where ' ~ condition.replace('{withheld}', '{int_surveys_withheld}'),
}) %}
{% endfor %}
{% do follow.update({
    'int_surveys_withheld': "select 'survey_responses ' || cast(_row_number as " ~ dbt.type_string() ~ ')
        from {stg_survey__responses} where traced_survey_id in (select survey_id from {changes})',
}) %}

{{ config(meta={'recompute': {
    'unit': "raw_table || ' ' || cast(_row_number as " ~ dbt.type_string() ~ ')',
    'follow': follow,
}}) }}

with

withheld as (
    select survey_id from {{ ref('int_surveys_withheld') }}
),

{% for table in raw_tables() %}

quarantined_{{ table.name }} as (
    select
        _row_number,
        coalesce(quarantine_reason, 'survey_withheld') as quarantine_reason,
        loaded_at
    from {{ ref(table.model) }}
    where
        ({{ is_answer_set_aside.replace('{withheld}', 'withheld') if table.name == 'survey_responses' else is_set_aside }})
        {{ touched("'" ~ table.name ~ " ' || cast(_row_number as " ~ dbt.type_string() ~ ')') }}
),

raw_{{ table.name }} as (
    select * from {{ source(table.source, table.name) }}
    {{ touched_files(
        table.name,
        'select _row_number from ' ~ ref(table.model) ~ " where '" ~ table.name
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
