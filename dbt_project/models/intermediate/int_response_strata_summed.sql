{% set dimensions = var('answer_dimensions')
    | reject('in', ['survey_id'] + var('dimensions_of_the_answer_alone')) | list %}
{% set account_columns = ['segment', 'size_band', 'region', 'industry', 'owner_id'] + var('account_fields') %}

{% set months_of = 'select ' ~ month_start('sent_date') ~ ' from {fct_survey_invitations} where ' %}

{{ config(meta={'recompute': {
    'unit': 'month_start',
    'follow': {
        'fct_survey_invitations': 'select ' ~ month_start('sent_date') ~ ' from {changes}',
        'fct_nps_responses': months_of ~ 'invitation_id in (select invitation_id from '
            ~ changed_in(['invitation_id', 'response_id', 'nps_points']) ~ ')',
        'dim_accounts': months_of ~ 'account_id in (select account_id from {changes})',
        'dim_account_history': months_of ~ 'account_id in (select account_id from {changes})',
        'stg_crm__contacts': months_of ~ 'contact_id in (select contact_id from {changes})',
        'dim_agents': months_of ~ 'agent_id in (select agent_id from {changes})',
    },
    'days': rows_of_days(month_start('sent_date'), ['fct_survey_invitations'], 'sent_date')
        ~ ' union all ' ~ rows_of_months('month_start', ['this']),
}}) }}

with

-- Of a survey that is withheld nobody knows who answered: it is in no rate.
invitations as (
    select * from {{ ref('fct_survey_invitations') }}
    where
        survey_id not in (select withheld.survey_id from {{ ref('int_surveys_withheld') }} as withheld)
        {{ touched(month_start('sent_date')) }}
),

survey_months as (
    select distinct
        survey_id,
        {{ month_start('sent_date') }} as month_start
    from {{ ref('fct_survey_invitations') }}
    where
        survey_id not in (select withheld.survey_id from {{ ref('int_surveys_withheld') }} as withheld)
        {{ touched(month_start('sent_date')) }}
),

answers as (
    select * from {{ ref('fct_nps_responses') }}
    where
        invitation_id is not null
        {{ touched_when('answered_date >= {first}') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

account_history as (
    select * from {{ ref('dim_account_history') }}
),

contacts as (
    select * from {{ ref('stg_crm__contacts') }}
    where verdict = 'accepted'
),

agents as (
    select * from {{ ref('dim_agents') }}
),

lifecycle_segments as (
    select * from {{ ref('lifecycle_segments') }}
),

-- An invitation that was answered twice counts once, with the mean of its answers.
answers_by_invitation as (
    select
        invitation_id,
        avg(nps_points * 1e0) as nps_points
    from answers
    group by invitation_id
),

surveys_by_month as (
    select
        survey_id,
        month_start,
        cast(row_number() over (order by month_start, survey_id) as {{ dbt.type_int() }}) as survey_month_number
    from survey_months
),

strata as (
    select
        segment,
        size_band,
        cast(row_number() over (order by segment, size_band) as {{ dbt.type_int() }}) as stratum_number
    from (
        select distinct
            coalesce(segment, 'unknown') as segment,
            coalesce(size_band, 'unknown') as size_band
        from account_history
    ) as strata_found
),

-- Numbers are given where rows are few, so that millions are grouped by them.
account_history_numbered as (
    select
        account_history.*,
        strata.stratum_number
    from account_history
    inner join strata
        on
            coalesce(account_history.segment, 'unknown') = strata.segment
            and coalesce(account_history.size_band, 'unknown') = strata.size_band
),

-- The account, and how long the person had been silent, as of the day of sending: as for answers.
described as (
    select
        surveys_by_month.survey_month_number,
        -- Invitations without a known account are a stratum of their own.
        coalesce(account_history_numbered.stratum_number, 0) as stratum_number,
        invitations.channel,
        invitations.touchpoint,
        {% for column in account_columns %}
        account_history_numbered.{{ column }},
        {% endfor %}
        agents.team as agent_team,
        answers_by_invitation.nps_points,
        invitations.is_delivered,
        invitations.is_opened,
        invitations.is_answered,
        invitations.is_scored,
        invitations.is_within_cooldown,
        {{ days_between('accounts.created_date', 'invitations.sent_date') }} as tenure_days,
        case
            when contacts.last_active_at is not null
                then greatest({{ days_between(local_date('contacts.last_active_at'), 'invitations.sent_date') }}, 0)
        end as inactive_days
    from invitations
    inner join surveys_by_month
        on
            invitations.survey_id = surveys_by_month.survey_id
            and {{ month_start('invitations.sent_date') }} = surveys_by_month.month_start
    left join answers_by_invitation
        on invitations.invitation_id = answers_by_invitation.invitation_id
    left join accounts
        on invitations.account_id = accounts.account_id
    left join account_history_numbered
        on
            invitations.account_id = account_history_numbered.account_id
            and invitations.sent_date >= account_history_numbered.valid_from
            and invitations.sent_date < account_history_numbered.valid_to
    left join contacts
        on invitations.contact_id = contacts.contact_id
    left join agents
        on invitations.agent_id = agents.agent_id
),

segmented as (
    {{ with_lifecycle_segment('described') }}
),

summed as (
    {{ grouped_by_dimension(
        'segmented',
        ['survey_month_number', 'stratum_number'],
        {
            'n_invited': 'count(*)',
            'n_delivered': 'count(case when is_delivered then 1 end)',
            'n_opened': 'count(case when is_opened then 1 end)',
            'n_answered': 'count(case when is_answered then 1 end)',
            'n_scored': 'count(case when is_scored then 1 end)',
            'n_cooldown_breaches': 'count(case when is_within_cooldown then 1 end)',
            'n_nps': 'count(nps_points)',
            'points_sum': exact_sum('nps_points'),
        },
        dimensions,
    ) }}
),

final as (
    select
        surveys_by_month.month_start,
        surveys_by_month.survey_id,
        summed.dimension,
        summed.dimension_value,
        coalesce(strata.segment, 'no account') as segment,
        coalesce(strata.size_band, 'no account') as size_band,
        {{ as_count('summed.n_invited') }} as n_invited,
        {{ as_count('summed.n_delivered') }} as n_delivered,
        {{ as_count('summed.n_opened') }} as n_opened,
        {{ as_count('summed.n_answered') }} as n_answered,
        {{ as_count('summed.n_scored') }} as n_scored,
        {{ as_count('summed.n_cooldown_breaches') }} as n_cooldown_breaches,
        {{ as_count('summed.n_nps') }} as n_nps,
        coalesce(summed.points_sum, 0e0) as points_sum
    from summed
    inner join surveys_by_month
        on summed.survey_month_number = surveys_by_month.survey_month_number
    left join strata
        on summed.stratum_number = strata.stratum_number
)

select * from final
