{{ config(meta={'compared_by': 'user_id'}) }}

with

raw_users as (
    select * from {{ source('crm', 'crm_users') }}
),

typed as (
    select
        _row_number,
        {{ clean_text('user_id') }} as user_id,
        {{ clean_text('user_name') }} as user_name,
        {{ clean_text('team') }} as team,
        {{ parse_money('hourly_cost') }} as hourly_cost,
        {{ parse_boolean('is_active') }} as is_active,
        {{ parse_timestamp('updated_at') }} as updated_at,
        {{ parse_timestamp('loaded_at') }} as loaded_at
    from raw_users
),

superseded as (
    {{ superseded_rows('typed', key=['user_id']) }}
),

judged as (
    select
        typed.*,
        superseded._row_number is not null as is_superseded,
        case
            when typed.user_id is null then 'key_missing'
        end as reason
    from typed
    left join superseded on typed._row_number = superseded._row_number
),

final as (
    select
        _row_number,
        user_id,
        user_name,
        team,
        hourly_cost,
        is_active,
        updated_at,
        loaded_at,
        {{ verdict_columns(is_deleted=none) }}
    from judged
)

select * from final
