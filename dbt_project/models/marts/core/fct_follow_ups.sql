with

cases as (
    select * from {{ ref('stg_crm__cases') }}
    where verdict = 'accepted'
),

responses as (
    select * from {{ ref('int_survey_responses_described') }}
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
