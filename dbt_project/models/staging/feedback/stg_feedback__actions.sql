{{ config(meta={'compared_by': 'action_id'}) }}

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
        lower({{ clean_text('polarity') }}) as polarity,
        {{ clean_text('action_text') }} as action_text,
        {{ clean_text('outcome_metric') }} as outcome_metric,
        {{ parse_timestamp('started_at') }} as started_at,
        {{ parse_timestamp('shipped_at') }} as shipped_at,
        {{ parse_timestamp('updated_at') }} as updated_at,
        {{ parse_timestamp('loaded_at') }} as loaded_at
    from raw_actions
),

superseded as (
    {{ superseded_rows('typed', key=['action_id']) }}
),

judged as (
    select
        typed.*,
        superseded._row_number is not null as is_superseded,
        case
            when typed.action_id is null then 'key_missing'
            when typed.started_at is null then 'started_at_invalid'
        end as reason
    from typed
    left join superseded on typed._row_number = superseded._row_number
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
