{% set unit = key_or_row('response_id') %}
{% set raw_unit = key_or_row(clean_text('response_id')) %}
{% set booleans = ['is_complete', 'is_excluded', 'is_deleted'] %}
{% set moments = ['answered_at', 'updated_at', 'loaded_at'] %}

{{ config(meta={'recompute': {
    'unit': unit,
    'follow': {
        'survey_responses': 'select ' ~ raw_unit ~ ' from {changes}',
        'stg_survey__invitations':
            'select ' ~ unit ~ ' from {this} where invitation_id in (select invitation_id from {changes})',
        'as_of':
            'select ' ~ unit ~ " from {this} where answered_date > least(date '{before}', date '{now}') union all "
            ~ rows_beyond_the_plausible(unit, ['updated_at', 'loaded_at']),
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
        scale_max,
        blank_scores
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
        {{ key_of_person('contact_id') }} as contact_id,
        coalesce({{ normal_email('contact_email') }}, {{ normal_email('contact_id') }}) as contact_email,
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
        {% for field in var('response_fields') %}
        {{ clean_text(field) }} as {{ field }},
        {% endfor %}
        {{ clean_text('score') }} as score_text,
        {{ parse_number(clean_text('score')) }} as score_number,
        score as score_given,
        {{ given(booleans + moments) }},
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

worded as (
    {{ with_words('typed', booleans, vocabularies=['score']) }}
),

facts_joined as (
    select
        worded.*,
        {{ worded_boolean('is_complete', when_blank='true') }} as is_complete,
        {{ worded_boolean('is_excluded', when_blank='false') }} as is_excluded,
        {{ worded_boolean('is_deleted', when_blank='false') }} as is_deleted,
        coalesce(
            worded.score_number,
            {{ parse_number('worded.score_word') }},
            {{ parse_number(labelled_number('worded.score_text')) }}
        ) as score_read,
        {{ is_word_of('worded.score_text', 'surveys.blank_scores') }} as is_blank_score,
        invitations.sent_at,
        coalesce(worded.survey_id, invitations.survey_id, 'unspecified') as traced_survey_id,
        {{ hours_between('invitations.sent_at', 'worded.answered_at') }} as hours_after_invitation,
        superseded._row_number is not null as is_superseded,
        defined.n_surveys > 0 and worded.survey_id is not null and surveys.survey_id is null as is_survey_unknown,
        coalesce(surveys.scale_min, nps_scale.scale_min) as scale_min,
        coalesce(surveys.scale_max, nps_scale.scale_max) as scale_max,
        {{ local_date('worded.answered_at') }} as answered_date
    from worded
    left join superseded on worded._row_number = superseded._row_number
    left join invitations on worded.invitation_id = invitations.invitation_id
    left join surveys on coalesce(worded.survey_id, invitations.survey_id, 'unspecified') = surveys.survey_id
    cross join defined
    cross join nps_scale
),

judged as (
    select
        *,
        case
            when response_id is null then 'key_missing'
            when answered_at is null and {{ clean_text('answered_at_given') }} is null then 'answered_at_invalid'
            {{ value_reasons(moments, booleans) }}
            when answered_date > {{ as_of_date() }} then 'answered_in_future'
            when is_survey_unknown then 'unknown_survey'
            when answered_at < sent_at then 'answered_before_invitation'
            when score_text is null or is_blank_score then null
            when score_read is null then 'score_not_a_number'
            when score_read <> floor(score_read) then 'score_not_whole'
            when score_read not between scale_min and scale_max then 'score_out_of_range'
        end as reason,
        case
            when is_blank_score then null
            when score_read = floor(score_read) and score_read between scale_min and scale_max
                then cast(score_read as integer)
        end as score
    from facts_joined
),

final as (
    select
        _row_number,
        response_id,
        survey_id,
        traced_survey_id,
        invitation_id,
        contact_id,
        contact_email,
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
        {% for field in var('response_fields') %}
        {{ field }},
        {% endfor %}
        score_text,
        score,
        hours_after_invitation,
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
