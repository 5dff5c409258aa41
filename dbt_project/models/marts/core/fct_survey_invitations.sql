with

invitations as (
    select * from {{ ref('stg_survey__invitations') }}
    where verdict = 'accepted'
),

responses as (
    select * from {{ ref('int_survey_responses_described') }}
),

contacts as (
    select * from {{ ref('stg_crm__contacts') }}
    where verdict = 'accepted'
),

accounts as (
    select * from {{ ref('dim_accounts') }}
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
    where invitation_id is not null
    group by invitation_id
),

-- One person, whatever the survey: fatigue does not ask who sent it.
sequenced as (
    select
        *,
        lag(sent_date) over (partition by contact_id order by sent_at, invitation_id) as previous_sent_date
    from invitations
),

final as (
    select
        sequenced.invitation_id,
        surveys.survey_id,
        sequenced.contact_id,
        accounts.account_id,
        sequenced.agent_id,
        surveys.program_type,
        sequenced.channel,
        sequenced.touchpoint,
        -- What was opened or answered has arrived, whatever the mail server said of it.
        sequenced.opened_at is not null
        or coalesce(responses_by_invitation.n_answers, 0) > 0
        or (sequenced.delivered_at is not null and sequenced.bounced_at is null) as is_delivered,
        sequenced.opened_at is not null or coalesce(responses_by_invitation.n_answers, 0) > 0 as is_opened,
        coalesce(responses_by_invitation.n_answers, 0) > 0 as is_answered,
        coalesce(responses_by_invitation.n_scored, 0) > 0 as is_scored,
        sequenced.contact_id is not null
        and sequenced.previous_sent_date is not null
        and {{ days_between('sequenced.previous_sent_date', 'sequenced.sent_date') }}
        < {{ var('cooldown_days') }} as is_within_cooldown,
        sequenced.sent_date,
        sequenced.sent_at
    from sequenced
    inner join surveys
        on coalesce(sequenced.survey_id, 'unspecified') = surveys.survey_id
    left join contacts
        on sequenced.contact_id = contacts.contact_id
    left join accounts
        on coalesce(sequenced.account_id, contacts.account_id) = accounts.account_id
    left join responses_by_invitation
        on sequenced.invitation_id = responses_by_invitation.invitation_id
    where surveys.program_type != 'employee'
)

select * from final
