{% set moments = ['created_at', 'last_active_at', 'unsubscribed_at', 'updated_at', 'loaded_at'] %}

{{ config(meta={'compared_by': 'contact_id', 'recompute': judged_with_merges(key_or_row('contact_id'), moments)}) }}

with

raw_contacts as (
    select * from {{ source('crm', 'crm_contacts') }}
),

typed as (
    select
        _row_number,
        {{ key_of_person('contact_id') }} as contact_id,
        {{ clean_text('account_id') }} as account_id,
        {{ key_of_person('merged_into_id') }} as merged_into_id,
        coalesce({{ normal_email('email') }}, {{ normal_email('contact_id') }}) as email,
        {{ clean_text('full_name') }} as full_name,
        lower({{ clean_text('buying_role') }}) as buying_role,
        {{ given(['is_deleted'] + moments) }},
        {{ parse_timestamp('created_at') }} as created_at,
        {{ parse_timestamp('last_active_at') }} as last_active_at,
        {{ parse_timestamp('unsubscribed_at') }} as unsubscribed_at,
        {{ parse_timestamp('updated_at') }} as updated_at,
        {{ parse_timestamp('loaded_at') }} as loaded_at
    from raw_contacts
),

superseded as (
    {{ superseded_rows('typed', key=['contact_id']) }}
),

worded as (
    {{ with_words('typed', ['is_deleted']) }}
),

read as (
    select
        *,
        {{ worded_boolean('is_deleted', when_blank='false') }} as is_deleted
    from worded
),

judged as (
    select
        read.*,
        superseded._row_number is not null as is_superseded,
        case
            when read.contact_id is null then 'key_missing'
            {{ value_reasons(moments, ['is_deleted']) }}
        end as reason
    from read
    left join superseded on read._row_number = superseded._row_number
),

{{ merges_followed('contact_id') }},

merged as (
    select
        judged.*,
        merge_outcomes.merge_status,
        case
            when judged.is_superseded then null
            when merge_outcomes.survivor_id is not null then merge_outcomes.survivor_id
            when not coalesce(judged.is_deleted, false) and judged.reason is null then judged.contact_id
        end as surviving_contact_id
    from judged
    left join merge_outcomes
        on judged.contact_id = merge_outcomes.id
),

final as (
    select
        _row_number,
        contact_id,
        account_id,
        merged_into_id,
        surviving_contact_id,
        email,
        full_name,
        buying_role,
        merge_status,
        is_deleted,
        created_at,
        last_active_at,
        unsubscribed_at,
        updated_at,
        loaded_at,
        {{ verdict_columns("(is_deleted or merge_status = 'merged')") }}
    from merged
)

select * from final
