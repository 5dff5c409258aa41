{# A person who was sent something else touches all that the person was sent: the days between two invitations count. #}
{{ config(meta={'recompute': {
    'unit': 'invitation_id',
    'follow': {
        'stg_survey__invitations': 'invitation_id',
        'int_survey_invitations_linked': '
            select invitation_id from {int_survey_invitations_linked}
            where person_id in (select person_id from {changes})
            union all
            select invitation_id from {changes}
        ',
        'int_survey_responses_described': 'invitation_id',
    },
    'days': rows_of_days('invitation_id', ['stg_survey__invitations', 'this'], 'sent_date'),
}}) }}

with

invitations as (
    select * from {{ ref('stg_survey__invitations') }}
    where
        verdict = 'accepted'
        {{ touched('invitation_id') }}
),

linked as (
    select * from {{ ref('int_survey_invitations_linked') }}
    {{ touched('invitation_id', 'where') }}
),

-- Once more and narrow, because an engine keeps what is read more than once.
sent as (
    select
        invitation_id,
        person_id,
        sent_date,
        sent_at
    from {{ ref('int_survey_invitations_linked') }}
    where
        person_id is not null
        {{ touched_when('person_id in (select person_id from linked)') }}
),

responses as (
    select * from {{ ref('int_survey_responses_described') }}
),

surveys as (
    select * from {{ ref('dim_surveys') }}
),

responses_by_invitation as (
    select
        invitation_id,
        count(*) as n_answers,
        count(case when is_scored then 1 end) as n_scored
    from responses
    where
        invitation_id is not null
        {{ touched('invitation_id') }}
    group by invitation_id
),

-- One person, whatever the survey: fatigue does not ask who sent it.
asked_again as (
    select
        invitation_id,
        sent_date,
        lag(sent_date) over (partition by person_id order by sent_at, invitation_id) as previous_sent_date
    from sent
),

breaches as (
    select invitation_id
    from asked_again
    where {{ days_between('previous_sent_date', 'sent_date') }} < {{ var('cooldown_days') }}
),

final as (
    select
        invitations.invitation_id,
        surveys.survey_id,
        linked.contact_id,
        linked.account_id,
        invitations.agent_id,
        linked.person_id,
        linked.link_method,
        surveys.program_type,
        invitations.channel,
        invitations.touchpoint,
        -- What was opened or answered has arrived, whatever the mail server said of it.
        invitations.opened_at is not null
        or coalesce(responses_by_invitation.n_answers, 0) > 0
        or (invitations.delivered_at is not null and invitations.bounced_at is null) as is_delivered,
        invitations.opened_at is not null or coalesce(responses_by_invitation.n_answers, 0) > 0 as is_opened,
        coalesce(responses_by_invitation.n_answers, 0) > 0 as is_answered,
        coalesce(responses_by_invitation.n_scored, 0) > 0 as is_scored,
        breaches.invitation_id is not null as is_within_cooldown,
        invitations.sent_date,
        invitations.sent_at
    from invitations
    inner join surveys
        on coalesce(invitations.survey_id, 'unspecified') = surveys.survey_id
    inner join linked
        on invitations.invitation_id = linked.invitation_id
    left join breaches
        on invitations.invitation_id = breaches.invitation_id
    left join responses_by_invitation
        on invitations.invitation_id = responses_by_invitation.invitation_id
    where surveys.program_type != 'employee'
)

select * from final
