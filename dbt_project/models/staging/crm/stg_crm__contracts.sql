{% set moments = ['start_date', 'end_date', 'updated_at', 'loaded_at'] %}

{{ config(meta={'compared_by': 'account_id', 'recompute': judged_by_date(key_or_row('contract_id'), moments)}) }}

with

raw_contracts as (
    select * from {{ source('crm', 'crm_contracts') }}
),

accounts as (
    select account_id
    from {{ ref('stg_crm__accounts') }}
    where verdict = 'accepted'
),

typed as (
    select
        _row_number,
        {{ clean_text('contract_id') }} as contract_id,
        {{ clean_text('account_id') }} as account_id,
        upper(coalesce({{ clean_text('currency') }}, '{{ var("reporting_currency") }}')) as currency,
        {{ clean_text('status') }} as status,
        {{ parse_money('annual_amount') }} as annual_amount,
        {{ given(['annual_amount'] + moments) }},
        {{ parse_date('start_date') }} as start_date,
        {{ parse_date('end_date') }} as end_date,
        {{ parse_timestamp('updated_at') }} as updated_at,
        {{ parse_timestamp('loaded_at') }} as loaded_at
    from raw_contracts
),

superseded as (
    {{ superseded_rows('typed', key=['contract_id']) }}
),

judged as (
    select
        typed.*,
        superseded._row_number is not null as is_superseded,
        case
            when typed.contract_id is null then 'key_missing'
            when typed.start_date is null and {{ clean_text('start_date_given') }} is null then 'start_date_invalid'
            when typed.end_date is null and {{ clean_text('end_date_given') }} is null then 'end_date_invalid'
            {{ value_reasons(moments, ['annual_amount']) }}
            when accounts.account_id is null then 'unknown_account'
        end as reason
    from typed
    left join superseded on typed._row_number = superseded._row_number
    left join accounts on typed.account_id = accounts.account_id
),

final as (
    select
        _row_number,
        contract_id,
        account_id,
        currency,
        status,
        annual_amount,
        start_date,
        end_date,
        updated_at,
        loaded_at,
        {{ verdict_columns(is_deleted=none) }}
    from judged
)

select * from final
