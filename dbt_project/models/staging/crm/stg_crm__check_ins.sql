{% set moments = ['scheduled_at', 'completed_at', 'updated_at', 'loaded_at'] %}

{{ config(meta={'compared_by': 'check_in_id', 'recompute': judged_by_date(key_or_row('check_in_id'), moments)}) }}

with

raw_check_ins as (
    select * from {{ source('crm', 'crm_check_ins') }}
),

accounts as (
    select account_id
    from {{ ref('stg_crm__accounts') }}
    where verdict = 'accepted'
),

typed as (
    select
        _row_number,
        {{ clean_text('check_in_id') }} as check_in_id,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('owner_id') }} as owner_id,
        {{ clean_text('kind') }} as kind,
        {{ given(moments) }},
        {{ parse_timestamp('scheduled_at') }} as scheduled_at,
        {{ parse_timestamp('completed_at') }} as completed_at,
        {{ parse_timestamp('updated_at') }} as updated_at,
        {{ parse_timestamp('loaded_at') }} as loaded_at
    from raw_check_ins
),

superseded as (
    {{ superseded_rows('typed', key=['check_in_id']) }}
),

judged as (
    select
        typed.*,
        superseded._row_number is not null as is_superseded,
        case
            when typed.check_in_id is null then 'key_missing'
            when typed.scheduled_at is null and {{ clean_text('scheduled_at_given') }} is null then 'scheduled_at_invalid'
            {{ value_reasons(moments) }}
            when accounts.account_id is null then 'unknown_account'
        end as reason
    from typed
    left join superseded on typed._row_number = superseded._row_number
    left join accounts on typed.account_id = accounts.account_id
),

final as (
    select
        _row_number,
        check_in_id,
        account_id,
        owner_id,
        kind,
        scheduled_at,
        completed_at,
        updated_at,
        loaded_at,
        {{ verdict_columns(is_deleted=none) }}
    from judged
)

select * from final
