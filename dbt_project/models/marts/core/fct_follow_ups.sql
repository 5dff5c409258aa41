{{ config(meta={'recompute': {
    'unit': 'case_id',
    'follow': {
        'stg_crm__cases': 'case_id',
        'int_survey_responses_described': '
            select case_id from {stg_crm__cases} where response_id in (
                select response_id from ' ~ changed_in(['response_id', 'account_id', 'answered_at']) ~ '
            )
        ',
        'dim_agents': 'select case_id from {this} where owner_id in (select agent_id from {changes})',
    },
    'days': rows_of_days('case_id', ['stg_crm__cases', 'this'], local_date('opened_at')),
}}) }}

with

cases as (
    select * from {{ ref('stg_crm__cases') }}
    where
        verdict = 'accepted'
        {{ touched('case_id') }}
),

responses as (
    select * from {{ ref('int_survey_responses_described') }}
    {{ touched_when('response_id in (select response_id from cases)', 'where') }}
),

agents as (
    select * from {{ ref('dim_agents') }}
),

-- The clock starts at the answer, not when somebody opened the case.
timed as (
    select
        cases.*,
        responses.account_id,
        agents.team,
        responses.answered_at,
        {{ hours_between('responses.answered_at', 'cases.first_contact_at') }} as hours_to_first_contact
    from cases
    inner join responses
        on cases.response_id = responses.response_id
    left join agents
        on cases.owner_id = agents.agent_id
),

final as (
    select
        case_id,
        response_id,
        account_id,
        owner_id,
        team,
        outcome,
        hours_to_first_contact,
        minutes_spent,
        attributed_revenue,
        '{{ var("reporting_currency") }}' as currency,
        coalesce(hours_to_first_contact <= 24, false) as is_within_24h,
        coalesce(hours_to_first_contact <= 48, false) as is_within_48h,
        coalesce(was_reached, false) as was_reached,
        answered_at,
        opened_at,
        first_contact_at,
        closed_at
    from timed
)

select * from final
