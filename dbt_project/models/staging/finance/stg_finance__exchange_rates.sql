{{ config(meta={'compared_by': 'currency'}) }}

with

raw_rates as (
    select * from {{ source('finance', 'exchange_rates') }}
),

typed as (
    select
        _row_number,
        upper({{ clean_text('currency') }}) as currency,
        {{ clean_text('month') }} as month_text,
        {{ parse_decimal('rate', 24, 12) }} as rate,
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
            when typed.month_text is null or typed.currency is null then 'key_missing'
            when typed.month_start is null then 'month_invalid'
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
