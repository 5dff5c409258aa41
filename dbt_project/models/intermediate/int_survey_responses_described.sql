{# Contacts are optional: with the first on record, and without the last, every answer is linked by another rule. #}
{% set contacts_are_new_or_gone %}
(select count(*) from {int_contact_histories_dated})
in (0, (select coalesce(sum(_sign), 0) from {changes}))
{% endset %}

{% set follow = touched_by_links('
    select response_id from {stg_survey__responses} where {column} in ({keys})
    union all
    select response_id from {stg_survey__responses} where invitation_id in (
        select invitation_id from {stg_survey__invitations} where {column} in ({keys})
    )
') %}
{% do follow.update({
    'stg_survey__responses': 'response_id',
    'stg_survey__invitations':
        'select response_id from {stg_survey__responses} where invitation_id in (select invitation_id from {changes})',
    'int_contact_histories_dated': follow['int_contact_histories_dated']
        ~ ' union all select response_id from {this} where ' ~ contacts_are_new_or_gone,
    'dim_accounts': 'select response_id from {this} where account_id in (
        select account_id from ' ~ changed_in(['account_id', 'created_date']) ~ '
    )',
    'dim_account_history': 'select response_id from {this} where account_id in (select account_id from {changes})',
    'int_surveys_withheld':
        'select response_id from {stg_survey__responses} where traced_survey_id in (select survey_id from {changes})',
    'dim_agents': 'select response_id from {this} where agent_id in (select agent_id from {changes})',
}) %}

{{ config(meta={'recompute': {
    'unit': 'response_id',
    'follow': follow,
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

{{ link_ctes() }},

contact_records as (
    select count(*) as n_contacts from {{ ref('int_contact_histories_dated') }}
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
        responses.response_id,
        responses.invitation_id,
        responses.traced_survey_id as survey_id,
        coalesce(responses.contact_id, invitations.contact_id) as contact_id,
        coalesce(responses.contact_email, invitations.contact_email) as contact_email,
        coalesce(responses.account_id, invitations.account_id) as account_id,
        coalesce(responses.channel, invitations.channel) as channel,
        coalesce(responses.touchpoint, invitations.touchpoint) as touchpoint,
        coalesce(responses.agent_id, invitations.agent_id) as agent_id,
        responses.resolution_mode,
        {% for field in var('response_fields') %}
        responses.{{ field }},
        {% endfor %}
        responses.score,
        responses.is_complete,
        responses.is_excluded,
        responses.answered_at,
        responses.answered_date
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
        traced.contact_id,
        traced.contact_email,
        traced.account_id,
        traced.agent_id,
        traced.channel,
        traced.touchpoint,
        traced.resolution_mode,
        {% for field in var('response_fields') %}
        traced.{{ field }},
        {% endfor %}
        traced.score,
        surveys.scale_min,
        surveys.scale_max,
        surveys.counts_as_nps,
        traced.is_excluded or not traced.is_complete as is_excluded,
        traced.score is not null and not (traced.is_excluded or not traced.is_complete) as is_scored,
        traced.answered_at,
        traced.answered_date
    from traced
    inner join surveys
        on traced.survey_id = surveys.survey_id
    left join withheld
        on traced.survey_id = withheld.survey_id
    where
        surveys.program_type != 'employee'
        and withheld.survey_id is null
),

placed as (
    {{ linked_to_accounts('of_customers', 'answered_date') }}
),

-- A contact can only be unknown where contacts are on record at all.
linked as (
    select
        placed.*,
        accounts.created_date,
        placed.linked_account_id is not null
        and (
            placed.contact_id is null
            or placed.is_known_contact
            or contact_records.n_contacts = 0
        ) as is_linked
    from placed
    left join accounts
        on placed.linked_account_id = accounts.account_id
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
        {% for field in var('account_fields') %}
        account_history.{{ field }},
        {% endfor %}
        account_history.owner_id,
        agents.team as agent_team,
        {{ days_between('linked.created_date', 'linked.answered_date') }} as tenure_days,
        greatest(
            coalesce({{ days_between(local_date('linked.last_active_at'), 'linked.answered_date') }}, 0), 0
        ) as inactive_days
    from linked
    left join account_history
        on
            linked.linked_account_id = account_history.account_id
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
        linked_account_id as account_id,
        linked_contact_id as contact_id,
        agent_id,
        coalesce(linked_account_id, account_id, named_account_id, 'response ' || response_id) as cluster_id,
        coalesce(person_id, 'response ' || response_id) as respondent_id,
        link_method,
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
        {% for field in var('account_fields') + var('response_fields') %}
        {{ field }},
        {% endfor %}
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
