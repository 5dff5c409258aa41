{% set moments = ['created_at', 'last_active_at', 'unsubscribed_at', 'updated_at', 'loaded_at'] %}

{{ config(meta={'compared_by': 'contact_id', 'recompute': judged_by_date(key_or_row('contact_id'), moments)}) }}

with

raw_contacts as (
    select * from {{ source('crm', 'crm_contacts') }}
),

typed as (
    select
        _row_number,
        {{ key_of_person(clean_text('contact_id')) }} as contact_id,
        {{ clean_text('account_id') }} as account_id,
        {{ key_of_person(clean_text('merged_into_id')) }} as merged_into_id,
        {{ normal_email('email') }} as email,
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
            when contact_id is null then 'key_missing'
            {{ value_reasons(moments, ['is_deleted']) }}
        end as reason
    from read
    left join superseded on read._row_number = superseded._row_number
),

final as (
    select
        _row_number,
        contact_id,
        account_id,
        merged_into_id,
        email,
        full_name,
        buying_role,
        is_deleted,
        created_at,
        last_active_at,
        unsubscribed_at,
        updated_at,
        loaded_at,
        {{ verdict_columns() }}
    from judged
)

select * from final
