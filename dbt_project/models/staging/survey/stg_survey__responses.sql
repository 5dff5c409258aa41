{% set unit = key_or_row('response_id') %}
{% set raw_unit = key_or_row(clean_text('response_id')) %}

{{ config(meta={'recompute': {
    'unit': unit,
    'follow': {
        'survey_responses': 'select ' ~ raw_unit ~ ' from {changes}',
        'stg_survey__invitations':
            'select ' ~ unit ~ ' from {this} where invitation_id in (select invitation_id from {changes})',
        'as_of':
            'select ' ~ unit ~ " from {this} where answered_date > least(date '{before}', date '{now}')",
    },
    'days': rows_of_days(raw_unit, ['survey_responses'], local_date(parse_timestamp('answered_at')))
        ~ ' union all ' ~ rows_of_days(unit, ['this'], 'answered_date'),
}}) }}

with

raw_responses as (
    select * from {{ source('survey', 'survey_responses') }}
    {{ touched(raw_unit, 'where') }}
    {{ touched_files('survey_responses', 'select _row_number from {this} where rowid in {rows}') }}
),

surveys as (
    select
        survey_id,
        scale_min,
        scale_max
    from {{ ref('stg_survey__definitions') }}
    where verdict = 'accepted'
),

invitations as (
    select
        invitation_id,
        survey_id,
        sent_at
    from {{ ref('stg_survey__invitations') }}
    where
        verdict = 'accepted'
        {{ touched_when('invitation_id in (select ' ~ clean_text('invitation_id') ~ ' from raw_responses)') }}
),

-- The scale of an answer that names no survey, and of every answer where no survey is defined
-- (stg_survey__responses__reads_the_scale_of_its_survey).
nps_scale as (
    select
        min(score) as scale_min,
        max(score) as scale_max
    from {{ ref('nps_scale') }}
),

defined as (
    select count(*) as n_surveys
    from surveys
),

typed as (
    select
        _row_number,
        {{ clean_text('response_id') }} as response_id,
        {{ clean_text('survey_id') }} as survey_id,
        {{ clean_text('invitation_id') }} as invitation_id,
        {{ clean_text('contact_id') }} as contact_id,
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('agent_id') }} as agent_id,
        {{ clean_text('channel') }} as channel,
        {{ clean_text('touchpoint') }} as touchpoint,
        lower({{ clean_text('resolution_mode') }}) as resolution_mode,
        {{ clean_text('exclusion_reason') }} as exclusion_reason,
        {{ clean_text('verbatim_reason') }} as verbatim_reason,
        {{ clean_text('verbatim_improve') }} as verbatim_improve,
        {{ clean_text('language') }} as language,
        {{ clean_text('employee_team') }} as employee_team,
        {{ clean_text('score') }} as score_text,
        {{ parse_number(clean_text('score')) }} as score_number,
        coalesce({{ parse_boolean('is_complete') }}, true) as is_complete,
        coalesce({{ parse_boolean('is_excluded') }}, false) as is_excluded,
        coalesce({{ parse_boolean('is_deleted') }}, false) as is_deleted,
        {{ parse_timestamp('answered_at') }} as answered_at,
        {{ parse_timestamp('updated_at') }} as updated_at,
        {{ parse_timestamp('loaded_at') }} as loaded_at
    from raw_responses
),

-- Narrow, because an engine keeps what is read more than once.
versions as (
    select
        _row_number,
        {{ clean_text('response_id') }} as response_id,
        {{ parse_timestamp('updated_at') }} as updated_at,
        {{ parse_timestamp('loaded_at') }} as loaded_at
    from raw_responses
),

superseded as (
    {{ superseded_rows('versions', key=['response_id']) }}
),

facts_joined as (
    select
        typed.*,
        invitations.sent_at,
        superseded._row_number is not null as is_superseded,
        defined.n_surveys > 0 and typed.survey_id is not null and surveys.survey_id is null as is_survey_unknown,
        coalesce(surveys.scale_min, nps_scale.scale_min) as scale_min,
        coalesce(surveys.scale_max, nps_scale.scale_max) as scale_max,
        {{ local_date('typed.answered_at') }} as answered_date
    from typed
    left join superseded on typed._row_number = superseded._row_number
    left join invitations on typed.invitation_id = invitations.invitation_id
    left join surveys on coalesce(typed.survey_id, invitations.survey_id) = surveys.survey_id
    cross join defined
    cross join nps_scale
),

judged as (
    select
        *,
        case
            when response_id is null then 'key_missing'
            when answered_at is null then 'answered_at_invalid'
            when answered_date > {{ as_of_date() }} then 'answered_in_future'
            when is_survey_unknown then 'unknown_survey'
            when answered_at < sent_at then 'answered_before_invitation'
            when score_text is null then null
            when score_number is null then 'score_not_a_number'
            when score_number <> floor(score_number) then 'score_not_whole'
            when score_number not between scale_min and scale_max then 'score_out_of_range'
        end as reason,
        case
            when score_number = floor(score_number) and score_number between scale_min and scale_max
                then cast(score_number as integer)
        end as score
    from facts_joined
),

final as (
    select
        _row_number,
        response_id,
        survey_id,
        invitation_id,
        contact_id,
        account_id,
        agent_id,
        channel,
        touchpoint,
        resolution_mode,
        exclusion_reason,
        verbatim_reason,
        verbatim_improve,
        language,
        employee_team,
        score_text,
        score,
        is_complete,
        is_excluded,
        is_deleted,
        answered_date,
        answered_at,
        updated_at,
        loaded_at,
        {{ verdict_columns() }}
    from judged
)

select * from final
