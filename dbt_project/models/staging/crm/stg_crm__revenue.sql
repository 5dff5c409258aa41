{% set last_whole_month = add_months(month_start(add_days(as_of_date(), 1)), -1) %}
{% set unit = key_or_row('revenue_id') %}
{% set raw_unit = key_or_row(clean_text('revenue_id')) %}
{% set period_end = last_day_of_period(parse_date('period_start'), parse_date('period_end')) %}
{% set moments = ['period_start', 'period_end', 'invoiced_at', 'updated_at', 'loaded_at'] %}

{{ config(meta={'recompute': {
    'unit': unit,
    'follow': {
        'crm_revenue': 'select ' ~ raw_unit ~ ' from {changes}',
        'stg_crm__account_keys': 'select ' ~ unit ~ '
            from {this}
            where account_id in (select account_key from {changes} union all select account_id from {changes})
        ',
        'stg_finance__exchange_rates': 'select ' ~ unit ~ '
            from {this}
            where
                currency in (select currency from {changes})
                and (quarantine_reason is not null or period_end >= (select min(month_start) from {changes}))
        ',
        'as_of': 'select ' ~ unit ~ " from {this} where currency <> '" ~ var('reporting_currency') ~ "' and "
            ~ month_start(add_days("date '{before}'", 1)) ~ ' <> ' ~ month_start(add_days("date '{now}'", 1))
            ~ ' union all ' ~ rows_beyond_the_plausible(unit, moments),
    },
    'days': rows_of_days(raw_unit, ['crm_revenue'], parse_date('period_start'), parse_date('period_end'))
        ~ ' union all ' ~ rows_of_days(unit, ['this'], 'period_start', 'period_end'),
}}) }}

with

raw_revenue as (
    select * from {{ source('crm', 'crm_revenue') }}
    {{ touched(raw_unit, 'where') }}
    {{ touched_files('crm_revenue', 'select _row_number from {this} where rowid in {rows}') }}
),

account_keys as (
    select * from {{ ref('stg_crm__account_keys') }}
),

rates as (
    select
        month_start,
        currency
    from {{ ref('stg_finance__exchange_rates') }}
    where verdict = 'accepted'
),

typed as (
    select
        _row_number,
        {{ clean_text('revenue_id') }} as revenue_id,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('reverses_revenue_id') }} as reverses_revenue_id,
        upper(coalesce({{ clean_text('currency') }}, '{{ var("reporting_currency") }}')) as currency,
        coalesce(lower({{ clean_text('revenue_type') }}), 'other') as revenue_type,
        {{ clean_text('currency') }} is not null as is_currency_given,
        coalesce({{ clean_text('amount') }} like '%.___', false) as has_three_decimals,
        {{ parse_money('amount') }} as amount,
        {{ parse_money('cost') }} as cost,
        {{ given(['amount', 'cost', 'is_deleted'] + moments) }},
        {{ parse_date('period_start') }} as period_start,
        {{ period_end }} as period_end,
        {{ parse_timestamp('invoiced_at') }} as invoiced_at,
        {{ parse_timestamp('updated_at') }} as updated_at,
        {{ parse_timestamp('loaded_at') }} as loaded_at
    from raw_revenue
),

-- Narrow, because an engine keeps what is read more than once.
versions as (
    select
        _row_number,
        {{ clean_text('revenue_id') }} as revenue_id,
        {{ parse_timestamp('updated_at') }} as updated_at,
        {{ parse_timestamp('loaded_at') }} as loaded_at
    from raw_revenue
),

superseded as (
    {{ superseded_rows('versions', key=['revenue_id']) }}
),

-- Few, however long the ledger is: service periods by month and foreign currency. Months that have not ended by the
-- as-of date need no rate of their own, for they take the newest known (stg_crm__revenue__needs_a_rate_for_each_month).
foreign_periods as (
    select distinct
        upper({{ clean_text('currency') }}) as currency,
        {{ month_start(parse_date('period_start')) }} as first_month,
        {{ month_start(least_date(period_end, last_whole_month)) }} as last_month
    from raw_revenue
    where upper({{ clean_text('currency') }}) <> '{{ var("reporting_currency") }}'
        and {{ parse_date('period_start') }} <= {{ period_end }}
),

foreign_months as (
    select
        currency,
        first_month,
        last_month,
        {{ months_spanned('first_month', 'last_month') }} as month_start
    from foreign_periods
    {{ join_months_spanned('first_month', 'last_month') }}
),

periods_without_rate as (
    select distinct
        foreign_months.currency,
        foreign_months.first_month,
        foreign_months.last_month
    from foreign_months
    left join rates
        on foreign_months.currency = rates.currency
            and foreign_months.month_start = rates.month_start
    where rates.currency is null
),

currencies as (
    select distinct currency
    from rates
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
        account_keys.account_id as known_account_id,
        superseded._row_number is not null as is_superseded,
        case
            when read.revenue_id is null then 'key_missing'
            when read.amount is null then 'amount_not_a_number'
            when {{ is_implausible('period_start') }} then 'period_start_implausible'
            when {{ is_implausible('period_end') }} then 'period_end_implausible'
            when read.period_start is null or read.period_end is null then 'period_invalid'
            when read.period_end < read.period_start then 'period_invalid'
            {{ value_reasons(['invoiced_at', 'updated_at', 'loaded_at'], ['cost', 'is_deleted']) }}
            when account_keys.account_id is null then 'unknown_account'
            when read.currency = '{{ var("reporting_currency") }}' then null
            when currencies.currency is null then 'unknown_currency'
            when periods_without_rate.currency is not null then 'unknown_currency'
        end as reason
    from read
    left join superseded on read._row_number = superseded._row_number
    left join account_keys
        on
            {{ account_key_holds('account_keys', 'read.account_id', 'read.period_start') }}
    left join currencies on read.currency = currencies.currency
    left join periods_without_rate
        on read.currency = periods_without_rate.currency
            and {{ month_start('read.period_start') }} = periods_without_rate.first_month
            and {{ month_start(least_date('read.period_end', last_whole_month)) }} = periods_without_rate.last_month
),

final as (
    select
        _row_number,
        revenue_id,
        coalesce(known_account_id, account_id) as account_id,
        reverses_revenue_id,
        currency,
        revenue_type,
        amount,
        cost,
        is_currency_given,
        has_three_decimals,
        is_deleted,
        period_start,
        period_end,
        invoiced_at,
        updated_at,
        loaded_at,
        {{ verdict_columns() }}
    from judged
)

select * from final
