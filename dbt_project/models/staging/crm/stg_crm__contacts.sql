{{ config(meta={'compared_by': 'contact_id'}) }}

with

raw_contacts as (
    select * from {{ source('crm', 'crm_contacts') }}
),

typed as (
    select
        _row_number,
        {{ clean_text('contact_id') }} as contact_id,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('email') }} as email,
        {{ clean_text('full_name') }} as full_name,
        lower({{ clean_text('buying_role') }}) as buying_role,
        coalesce({{ parse_boolean('is_deleted') }}, false) as is_deleted,
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

judged as (
    select
        typed.*,
        superseded._row_number is not null as is_superseded,
        case
            when typed.contact_id is null then 'key_missing'
        end as reason
    from typed
    left join superseded on typed._row_number = superseded._row_number
),

final as (
    select
        _row_number,
        contact_id,
        account_id,
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
