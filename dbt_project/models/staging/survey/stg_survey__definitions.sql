{% set moments = ['updated_at', 'loaded_at'] %}
{% set vocabularies = ['program_type', 'metric', 'scale_direction'] %}

{{ config(meta={'compared_by': 'survey_id', 'recompute': judged_by_date(key_or_row('survey_id'), moments)}) }}

with

raw_definitions as (
    select * from {{ source('survey', 'survey_definitions') }}
),

typed as (
    select
        _row_number,
        {{ clean_text('survey_id') }} as survey_id,
        {{ clean_text('survey_name') }} as survey_name,
        {{ clean_text('question_text') }} as question_text,
        {{ clean_text('blank_scores') }} as blank_scores,
        {{ given(vocabularies + ['scale_min', 'scale_max', 'counts_as_nps'] + moments) }},
        {{ parse_whole_number('scale_min') }} as scale_min,
        {{ parse_whole_number('scale_max') }} as scale_max,
        {{ parse_timestamp('updated_at') }} as updated_at,
        {{ parse_timestamp('loaded_at') }} as loaded_at
    from raw_definitions
),

superseded as (
    {{ superseded_rows('typed', key=['survey_id']) }}
),

worded as (
    {{ with_words('typed', ['counts_as_nps'], vocabularies) }}
),

read as (
    select
        *,
        program_type_word as program_type,
        metric_word as metric,
        scale_direction_word as scale_direction,
        {{ worded_boolean('counts_as_nps') }} as counts_as_nps
    from worded
),

judged as (
    select
        read.*,
        superseded._row_number is not null as is_superseded,
        case
            when survey_id is null then 'key_missing'
            when scale_min is null then 'scale_min_invalid'
            when scale_max is null then 'scale_max_invalid'
            {{ value_reasons(moments, vocabularies + ['counts_as_nps']) }}
        end as reason
    from read
    left join superseded on read._row_number = superseded._row_number
),

final as (
    select
        _row_number,
        survey_id,
        survey_name,
        program_type,
        metric,
        question_text,
        scale_direction,
        blank_scores,
        scale_min,
        scale_max,
        counts_as_nps,
        updated_at,
        loaded_at,
        {{ verdict_columns(is_deleted=none) }}
    from judged
)

select * from final
