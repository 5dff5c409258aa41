{% set moments = ['updated_at', 'loaded_at'] %}

{{ config(meta={'compared_by': 'user_id', 'recompute': judged_by_date(key_or_row('user_id'), moments)}) }}

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
        {{ given(['hourly_cost', 'is_active'] + moments) }},
        {{ parse_timestamp('updated_at') }} as updated_at,
        {{ parse_timestamp('loaded_at') }} as loaded_at
    from raw_users
),

superseded as (
    {{ superseded_rows('typed', key=['user_id']) }}
),

worded as (
    {{ with_words('typed', ['is_active']) }}
),

read as (
    select
        *,
        {{ worded_boolean('is_active') }} as is_active
    from worded
),

judged as (
    select
        read.*,
        superseded._row_number is not null as is_superseded,
        case
            when user_id is null then 'key_missing'
            {{ value_reasons(moments, ['hourly_cost', 'is_active']) }}
        end as reason
    from read
    left join superseded on read._row_number = superseded._row_number
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
