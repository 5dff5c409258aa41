{{ config(meta={'compared_by': 'survey_id'}) }}

with

raw_definitions as (
    select * from {{ source('survey', 'survey_definitions') }}
),

typed as (
    select
        _row_number,
        {{ clean_text('survey_id') }} as survey_id,
        {{ clean_text('survey_name') }} as survey_name,
        lower({{ clean_text('program_type') }}) as program_type,
        lower({{ clean_text('metric') }}) as metric,
        {{ clean_text('question_text') }} as question_text,
        lower({{ clean_text('scale_direction') }}) as scale_direction,
        {{ parse_whole_number('scale_min') }} as scale_min,
        {{ parse_whole_number('scale_max') }} as scale_max,
        {{ parse_boolean('counts_as_nps') }} as counts_as_nps,
        {{ parse_timestamp('updated_at') }} as updated_at,
        {{ parse_timestamp('loaded_at') }} as loaded_at
    from raw_definitions
),

superseded as (
    {{ superseded_rows('typed', key=['survey_id']) }}
),

judged as (
    select
        typed.*,
        superseded._row_number is not null as is_superseded,
        case
            when typed.survey_id is null then 'key_missing'
            when typed.scale_min is null then 'scale_min_invalid'
            when typed.scale_max is null then 'scale_max_invalid'
        end as reason
    from typed
    left join superseded on typed._row_number = superseded._row_number
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
        scale_min,
        scale_max,
        counts_as_nps,
        updated_at,
        loaded_at,
        {{ verdict_columns(is_deleted=none) }}
    from judged
)

select * from final
