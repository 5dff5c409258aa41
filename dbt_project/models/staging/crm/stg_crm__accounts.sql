{% set moments = ['created_at', 'churned_at', 'updated_at', 'loaded_at'] %}

{{ config(meta={'compared_by': 'account_id', 'recompute': judged_with_merges(key_or_row('account_id'), moments)}) }}

with

raw_accounts as (
    select * from {{ source('crm', 'crm_accounts') }}
),

typed as (
    select
        _row_number,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('parent_account_id') }} as parent_account_id,
        {{ clean_text('merged_into_id') }} as merged_into_id,
        {{ clean_text('owner_id') }} as owner_id,
        {{ clean_text('account_name') }} as account_name,
        {{ clean_text('industry') }} as industry,
        {% for field in var('account_fields') %}
        {{ clean_text(field) }} as {{ field }},
        {% endfor %}
        {{ clean_text('segment') }} as segment,
        {{ clean_text('size_band') }} as size_band,
        {{ clean_text('region') }} as region,
        {{ clean_text('country_code') }} as country_code,
        {{ clean_text('acquisition_source') }} as acquisition_source,
        {{ clean_text('website') }} as website,
        {{ clean_text('email_domains') }} as email_domains,
        {{ given(['is_deleted'] + moments) }},
        {{ parse_timestamp('created_at') }} as created_at,
        {{ parse_timestamp('churned_at') }} as churned_at,
        {{ parse_timestamp('updated_at') }} as updated_at,
        {{ parse_timestamp('loaded_at') }} as loaded_at
    from raw_accounts
),

superseded as (
    {{ superseded_rows('typed', key=['account_id']) }}
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
            when read.account_id is null then 'key_missing'
            {{ value_reasons(moments, ['is_deleted']) }}
        end as reason
    from read
    left join superseded on read._row_number = superseded._row_number
),

{{ merges_followed('account_id') }},

merged as (
    select
        judged.*,
        merge_outcomes.merge_status,
        case
            when judged.is_superseded then null
            when merge_outcomes.survivor_id is not null then merge_outcomes.survivor_id
            when not coalesce(judged.is_deleted, false) and judged.reason is null then judged.account_id
        end as surviving_account_id
    from judged
    left join merge_outcomes
        on judged.account_id = merge_outcomes.id
),

-- What was merged into another is no account of its own, whether or not the CRM has flagged it as deleted.
final as (
    select
        _row_number,
        account_id,
        parent_account_id,
        merged_into_id,
        surviving_account_id,
        owner_id,
        account_name,
        industry,
        {% for field in var('account_fields') %}
        {{ field }},
        {% endfor %}
        segment,
        size_band,
        region,
        country_code,
        acquisition_source,
        website,
        email_domains,
        merge_status,
        is_deleted,
        created_at,
        churned_at,
        updated_at,
        loaded_at,
        {{ verdict_columns("(is_deleted or merge_status = 'merged')") }}
    from merged
)

select * from final
