{% set moments = ['started_at', 'shipped_at', 'updated_at', 'loaded_at'] %}

{{ config(meta={'compared_by': 'action_id', 'recompute': judged_by_date(key_or_row('action_id'), moments)}) }}

with

raw_actions as (
    select * from {{ source('feedback', 'feedback_actions') }}
),

typed as (
    select
        _row_number,
        {{ clean_text('action_id') }} as action_id,
        {{ clean_text('owner_id') }} as owner_id,
        {{ clean_text('theme') }} as theme,
        {{ clean_text('action_text') }} as action_text,
        {{ clean_text('outcome_metric') }} as outcome_metric,
        {{ given(['polarity'] + moments) }},
        {{ parse_timestamp('started_at') }} as started_at,
        {{ parse_timestamp('shipped_at') }} as shipped_at,
        {{ parse_timestamp('updated_at') }} as updated_at,
        {{ parse_timestamp('loaded_at') }} as loaded_at
    from raw_actions
),

superseded as (
    {{ superseded_rows('typed', key=['action_id']) }}
),

worded as (
    {{ with_words('typed', vocabularies=['polarity']) }}
),

read as (
    select
        *,
        polarity_word as polarity
    from worded
),

judged as (
    select
        read.*,
        superseded._row_number is not null as is_superseded,
        case
            when action_id is null then 'key_missing'
            when started_at is null and {{ clean_text('started_at_given') }} is null then 'started_at_invalid'
            {{ value_reasons(moments, ['polarity']) }}
        end as reason
    from read
    left join superseded on read._row_number = superseded._row_number
),

final as (
    select
        _row_number,
        action_id,
        owner_id,
        theme,
        polarity,
        action_text,
        outcome_metric,
        started_at,
        shipped_at,
        updated_at,
        loaded_at,
        {{ verdict_columns(is_deleted=none) }}
    from judged
)

select * from final
