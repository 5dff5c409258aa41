{% set moments = ['referred_at', 'converted_at', 'updated_at', 'loaded_at'] %}

{{ config(meta={'compared_by': 'referral_id', 'recompute': judged_by_date(key_or_row('referral_id'), moments)}) }}

with

raw_referrals as (
    select * from {{ source('crm', 'crm_referrals') }}
),

accounts as (
    select account_id
    from {{ ref('stg_crm__accounts') }}
    where verdict = 'accepted'
),

typed as (
    select
        _row_number,
        {{ clean_text('referral_id') }} as referral_id,
        {{ clean_text('referrer_account_id') }} as referrer_account_id,
        {{ clean_text('referred_account_id') }} as referred_account_id,
        {{ given(moments) }},
        {{ parse_timestamp('referred_at') }} as referred_at,
        {{ parse_timestamp('converted_at') }} as converted_at,
        {{ parse_timestamp('updated_at') }} as updated_at,
        {{ parse_timestamp('loaded_at') }} as loaded_at
    from raw_referrals
),

superseded as (
    {{ superseded_rows('typed', key=['referral_id']) }}
),

judged as (
    select
        typed.*,
        superseded._row_number is not null as is_superseded,
        case
            when typed.referral_id is null then 'key_missing'
            when typed.referred_at is null and {{ clean_text('referred_at_given') }} is null then 'referred_at_invalid'
            {{ value_reasons(moments) }}
            when accounts.account_id is null then 'unknown_account'
        end as reason
    from typed
    left join superseded on typed._row_number = superseded._row_number
    left join accounts on typed.referrer_account_id = accounts.account_id
),

final as (
    select
        _row_number,
        referral_id,
        referrer_account_id,
        referred_account_id,
        referred_at,
        converted_at,
        updated_at,
        loaded_at,
        {{ verdict_columns(is_deleted=none) }}
    from judged
)

select * from final
