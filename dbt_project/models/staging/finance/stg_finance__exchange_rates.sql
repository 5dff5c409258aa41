{% set moments = ['month', 'loaded_at'] %}

{{ config(meta={'compared_by': 'currency', 'recompute': judged_by_date("currency", ['month_start', 'loaded_at'])}) }}

with

raw_rates as (
    select * from {{ source('finance', 'exchange_rates') }}
),

typed as (
    select
        _row_number,
        upper({{ clean_text('currency') }}) as currency,
        {{ given(moments) }},
        {{ parse_decimal('rate', 24, 12) }} as rate,
        {{ parse_date('month') }} as month,
        {{ month_start(parse_date('month')) }} as month_start,
        {{ parse_timestamp('loaded_at') }} as loaded_at
    from raw_rates
),

superseded as (
    {{ superseded_rows('typed', key=['month_start', 'currency'], version=['loaded_at']) }}
),

judged as (
    select
        typed.*,
        superseded._row_number is not null as is_superseded,
        case
            when {{ clean_text('month_given') }} is null or typed.currency is null then 'key_missing'
            {{ value_reasons(moments) }}
            when typed.rate is null or typed.rate <= 0 then 'rate_invalid'
        end as reason
    from typed
    left join superseded on typed._row_number = superseded._row_number
),

final as (
    select
        _row_number,
        currency,
        rate,
        month_start,
        loaded_at,
        {{ verdict_columns(is_deleted=none) }}
    from judged
)

select * from final
