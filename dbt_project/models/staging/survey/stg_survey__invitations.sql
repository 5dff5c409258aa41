{% set unit = key_or_row('invitation_id') %}
{% set raw_unit = key_or_row(clean_text('invitation_id')) %}
{% set moments = ['sent_at', 'delivered_at', 'opened_at', 'bounced_at', 'loaded_at'] %}

{{ config(meta={'recompute': {
    'unit': unit,
    'follow': {
        'survey_invitations': 'select ' ~ raw_unit ~ ' from {changes}',
        'as_of': 'select ' ~ unit ~ " from {this} where sent_date > least(date '{before}', date '{now}') union all "
            ~ rows_beyond_the_plausible(unit, moments),
    },
    'days': rows_of_days(raw_unit, ['survey_invitations'], local_date(parse_timestamp('sent_at')))
        ~ ' union all ' ~ rows_of_days(unit, ['this'], 'sent_date'),
}}) }}

with

raw_invitations as (
    select * from {{ source('survey', 'survey_invitations') }}
    {{ touched(raw_unit, 'where') }}
    {{ touched_files('survey_invitations', 'select _row_number from {this} where rowid in {rows}') }}
),

typed as (
    select
        _row_number,
        {{ clean_text('invitation_id') }} as invitation_id,
        {{ clean_text('survey_id') }} as survey_id,
        {{ key_of_person(clean_text('contact_id')) }} as contact_id,
        {{ normal_email('contact_email') }} as contact_email,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('agent_id') }} as agent_id,
        {{ clean_text('channel') }} as channel,
        {{ clean_text('touchpoint') }} as touchpoint,
        {{ given(['has_incentive'] + moments) }},
        {{ local_date(parse_timestamp('sent_at')) }} as sent_date,
        {{ parse_timestamp('sent_at') }} as sent_at,
        {{ parse_timestamp('delivered_at') }} as delivered_at,
        {{ parse_timestamp('opened_at') }} as opened_at,
        {{ parse_timestamp('bounced_at') }} as bounced_at,
        {{ parse_timestamp('loaded_at') }} as loaded_at
    from raw_invitations
),

-- Narrow, because an engine keeps what is read more than once.
versions as (
    select
        _row_number,
        {{ clean_text('invitation_id') }} as invitation_id,
        {{ parse_timestamp('loaded_at') }} as loaded_at
    from raw_invitations
),

superseded as (
    {{ superseded_rows('versions', key=['invitation_id'], version=['loaded_at']) }}
),

worded as (
    {{ with_words('typed', ['has_incentive']) }}
),

read as (
    select
        *,
        {{ worded_boolean('has_incentive') }} as has_incentive
    from worded
),

judged as (
    select
        read.*,
        superseded._row_number is not null as is_superseded,
        case
            when invitation_id is null then 'key_missing'
            when sent_at is null and {{ clean_text('sent_at_given') }} is null then 'sent_at_invalid'
            {{ value_reasons(moments, ['has_incentive']) }}
            when sent_date > {{ as_of_date() }} then 'sent_in_future'
        end as reason
    from read
    left join superseded on read._row_number = superseded._row_number
),

final as (
    select
        _row_number,
        invitation_id,
        survey_id,
        contact_id,
        contact_email,
        account_id,
        agent_id,
        channel,
        touchpoint,
        has_incentive,
        sent_date,
        sent_at,
        delivered_at,
        opened_at,
        bounced_at,
        loaded_at,
        {{ verdict_columns(is_deleted=none) }}
    from judged
)

select * from final
