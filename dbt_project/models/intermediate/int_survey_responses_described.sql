{# Contacts are optional: with the first on record, and without the last, every answer is linked by another rule. #}
{% set contacts_are_new_or_gone %}
(select count(*) from {stg_crm__contacts} where verdict = 'accepted')
in (0, (select coalesce(sum(_sign), 0) from {changes} where verdict = 'accepted'))
{% endset %}

{{ config(meta={'recompute': {
    'unit': 'response_id',
    'follow': {
        'stg_survey__responses': 'response_id',
        'stg_survey__invitations':
            'select response_id from {stg_survey__responses} where invitation_id in (select invitation_id from {changes})',
        'stg_crm__contacts':
            'select response_id from {this} where contact_id in (select contact_id from {changes}) or '
            ~ contacts_are_new_or_gone,
        'dim_accounts': 'select response_id from {this} where cluster_id in (select account_id from {changes})',
        'dim_account_history': 'select response_id from {this} where cluster_id in (select account_id from {changes})',
        'int_surveys_withheld': '
            select response_id from {stg_survey__responses}
            where traced_survey_id in (select survey_id from {changes})
        ',
        'dim_agents': 'select response_id from {this} where agent_id in (select agent_id from {changes})',
    },
    'days': rows_of_days('response_id', ['stg_survey__responses', 'this'], 'answered_date'),
}}) }}

with

responses as (
    select * from {{ ref('stg_survey__responses') }}
    where
        verdict = 'accepted'
        {{ touched('response_id') }}
),

invitations as (
    select * from {{ ref('stg_survey__invitations') }}
    where
        verdict = 'accepted'
        {{ touched_when('invitation_id in (select invitation_id from responses)') }}
),

contacts as (
    select * from {{ ref('stg_crm__contacts') }}
    where verdict = 'accepted'
),

contact_records as (
    select count(*) as n_contacts from contacts
),

surveys as (
    select * from {{ ref('dim_surveys') }}
),

withheld as (
    select survey_id from {{ ref('int_surveys_withheld') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

account_history as (
    select * from {{ ref('dim_account_history') }}
),

agents as (
    select * from {{ ref('dim_agents') }}
),

lifecycle_segments as (
    select * from {{ ref('lifecycle_segments') }}
),

-- What the answer itself does not say, its invitation may.
traced as (
    select
        responses.*,
        coalesce(responses.contact_id, invitations.contact_id) as traced_contact_id,
        coalesce(responses.account_id, invitations.account_id) as traced_account_id,
        coalesce(responses.channel, invitations.channel) as traced_channel,
        coalesce(responses.touchpoint, invitations.touchpoint) as traced_touchpoint,
        coalesce(responses.agent_id, invitations.agent_id) as traced_agent_id
    from responses
    left join invitations
        on responses.invitation_id = invitations.invitation_id
),

-- Employees answer in a programme of their own, which never meets customers or revenue. Of a survey that is withheld no
-- answer counts.
of_customers as (
    select
        traced.response_id,
        traced.invitation_id,
        surveys.survey_id,
        surveys.program_type,
        surveys.metric,
        surveys.scale_direction,
        traced.traced_contact_id as contact_id,
        coalesce(traced.traced_account_id, contacts.account_id) as named_account_id,
        traced.traced_agent_id as agent_id,
        traced.traced_channel as channel,
        traced.traced_touchpoint as touchpoint,
        traced.resolution_mode,
        traced.score,
        surveys.scale_min,
        surveys.scale_max,
        surveys.counts_as_nps,
        traced.is_excluded or not traced.is_complete as is_excluded,
        traced.score is not null and not (traced.is_excluded or not traced.is_complete) as is_scored,
        contacts.buying_role,
        contacts.last_active_at,
        contacts.contact_id is not null as is_known_contact,
        traced.answered_at,
        traced.answered_date
    from traced
    inner join surveys
        on traced.traced_survey_id = surveys.survey_id
    left join contacts
        on traced.traced_contact_id = contacts.contact_id
    left join withheld
        on traced.traced_survey_id = withheld.survey_id
    where
        surveys.program_type != 'employee'
        and withheld.survey_id is null
),

-- A contact can only be unknown where contacts are on record at all.
linked as (
    select
        of_customers.*,
        accounts.account_id as known_account_id,
        accounts.created_date,
        accounts.account_id is not null
        and (
            of_customers.contact_id is null
            or of_customers.is_known_contact
            or contact_records.n_contacts = 0
        ) as is_linked
    from of_customers
    left join accounts
        on of_customers.named_account_id = accounts.account_id
    cross join contact_records
),

-- Who last acted after the answer was active then; before the account was created nobody had a tenure.
described as (
    select
        linked.*,
        account_history.segment,
        account_history.size_band,
        account_history.region,
        account_history.industry,
        account_history.owner_id,
        agents.team as agent_team,
        {{ days_between('linked.created_date', 'linked.answered_date') }} as tenure_days,
        greatest(
            coalesce({{ days_between(local_date('linked.last_active_at'), 'linked.answered_date') }}, 0), 0
        ) as inactive_days
    from linked
    left join account_history
        on
            linked.known_account_id = account_history.account_id
            and linked.answered_date >= account_history.valid_from
            and linked.answered_date < account_history.valid_to
    left join agents
        on linked.agent_id = agents.agent_id
),

segmented as (
    {{ with_lifecycle_segment('described') }}
),

-- An answer whose account was not even named is a cluster of its own; a person who was not named is nobody else.
final as (
    select
        response_id,
        invitation_id,
        survey_id,
        known_account_id as account_id,
        contact_id,
        agent_id,
        coalesce(named_account_id, 'response ' || response_id) as cluster_id,
        coalesce(contact_id, 'response ' || response_id) as respondent_id,
        program_type,
        metric,
        scale_direction,
        channel,
        touchpoint,
        resolution_mode,
        buying_role,
        segment,
        size_band,
        region,
        industry,
        lifecycle_segment,
        agent_team,
        owner_id,
        score,
        scale_min,
        scale_max,
        counts_as_nps,
        is_excluded,
        is_scored,
        is_linked,
        answered_date,
        answered_at
    from segmented
)

select * from final
