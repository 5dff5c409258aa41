{% set moments = ['valid_from', 'loaded_at'] %}
{% set unit = "coalesce(source_account_id, cast(_row_number as " ~ dbt.type_string() ~ "))" %}

{{ config(meta={'compared_by': 'source_account_id', 'recompute': judged_by_date(unit, moments)}) }}

with

raw_links as (
    select * from {{ source('crm', 'account_links') }}
),

accounts as (
    select
        account_id,
        surviving_account_id
    from {{ ref('stg_crm__accounts') }}
    where surviving_account_id is not null
),

-- Links of one key that hold from different days are no versions of each other: each holds until the next.
typed as (
    select
        _row_number,
        {{ clean_text('source') }} as source_system,
        {{ clean_text('source_account_id') }} as source_account_id,
        {{ clean_text('account_id') }} as account_id,
        coalesce({{ clean_text('valid_from') }}, 'ever') as held_from,
        {{ given(moments) }},
        {{ parse_date('valid_from') }} as valid_from,
        {{ parse_timestamp('loaded_at') }} as loaded_at
    from raw_links
),

superseded as (
    {{ superseded_rows('typed', key=['source_system', 'source_account_id', 'held_from'], version=['loaded_at']) }}
),

judged as (
    select
        typed.*,
        accounts.surviving_account_id,
        superseded._row_number is not null as is_superseded,
        case
            when typed.source_system is null or typed.source_account_id is null then 'key_missing'
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
        source_system,
        source_account_id,
        coalesce(surviving_account_id, account_id) as account_id,
        valid_from,
        loaded_at,
        {{ verdict_columns(is_deleted=none) }}
    from judged
)

select * from final
