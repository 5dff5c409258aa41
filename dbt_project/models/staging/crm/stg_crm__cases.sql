{% set unit = key_or_row('case_id') %}
{% set raw_unit = key_or_row(clean_text('case_id')) %}
{% set moments = ['opened_at', 'first_contact_at', 'closed_at', 'updated_at', 'loaded_at'] %}
{% set numbers = ['minutes_spent', 'attributed_revenue'] %}

{{ config(meta={'recompute': {
    'unit': unit,
    'follow': {
        'crm_cases': 'select ' ~ raw_unit ~ ' from {changes}',
        'stg_survey__responses':
            'select ' ~ unit ~ ' from {this} where response_id in (select response_id from {changes})',
        'as_of': rows_beyond_the_plausible(unit, moments),
    },
    'days': rows_of_days(raw_unit, ['crm_cases'], local_date(parse_timestamp('opened_at')))
        ~ ' union all ' ~ rows_of_days(unit, ['this'], local_date('opened_at')),
}}) }}

with

raw_cases as (
    select * from {{ source('crm', 'crm_cases') }}
    {{ touched(raw_unit, 'where') }}
    {{ touched_files('crm_cases', 'select _row_number from {this} where rowid in {rows}') }}
),

responses as (
    select response_id
    from {{ ref('stg_survey__responses') }}
    where
        verdict = 'accepted'
        {{ touched_when('response_id in (select ' ~ clean_text('response_id') ~ ' from raw_cases)') }}
),

typed as (
    select
        _row_number,
        {{ clean_text('case_id') }} as case_id,
        {{ clean_text('response_id') }} as response_id,
        {{ clean_text('owner_id') }} as owner_id,
        {{ clean_text('outcome') }} as outcome,
        {{ parse_number('minutes_spent') }} as minutes_spent,
        {{ parse_money('attributed_revenue') }} as attributed_revenue,
        {{ given(['was_reached'] + numbers + moments) }},
        {{ parse_timestamp('opened_at') }} as opened_at,
        {{ parse_timestamp('first_contact_at') }} as first_contact_at,
        {{ parse_timestamp('closed_at') }} as closed_at,
        {{ parse_timestamp('updated_at') }} as updated_at,
        {{ parse_timestamp('loaded_at') }} as loaded_at
    from raw_cases
),

superseded as (
    {{ superseded_rows('typed', key=['case_id']) }}
),

worded as (
    {{ with_words('typed', ['was_reached']) }}
),

read as (
    select
        *,
        {{ worded_boolean('was_reached') }} as was_reached
    from worded
),

judged as (
    select
        read.*,
        superseded._row_number is not null as is_superseded,
        case
            when read.case_id is null then 'key_missing'
            when read.opened_at is null and {{ clean_text('opened_at_given') }} is null then 'opened_at_invalid'
            {{ value_reasons(moments, ['was_reached'] + numbers) }}
            when responses.response_id is null then 'unknown_response'
        end as reason
    from read
    left join superseded on read._row_number = superseded._row_number
    left join responses on read.response_id = responses.response_id
),

final as (
    select
        _row_number,
        case_id,
        response_id,
        owner_id,
        outcome,
        minutes_spent,
        attributed_revenue,
        was_reached,
        opened_at,
        first_contact_at,
        closed_at,
        updated_at,
        loaded_at,
        {{ verdict_columns(is_deleted=none) }}
    from judged
)

select * from final
