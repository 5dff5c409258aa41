{# The first case on record begins the loop: with another one, other detractors are expected to be called. #}
{% set loop_may_begin_anew %}
(select min(answered_at) from {changes})
<= coalesce((select min(answered_at) from {fct_follow_ups}), cast('9999-12-31' as timestamp))
{% endset %}

{{ config(meta={'recompute': {
    'unit': 'response_id',
    'follow': {
        'fct_nps_responses': 'select response_id from ' ~ changed_in([
            'response_id', 'account_id', 'owner_id', 'nps_category', 'answered_at',
        ]),
        'fct_follow_ups':
            'select response_id from {changes}'
            ~ ' union all select response_id from {this} where ' ~ loop_may_begin_anew
            ~ ' union all select response_id from {fct_nps_responses} where ' ~ loop_may_begin_anew,
        'dim_accounts': '
            select response_id from {this} where account_id in (
                select account_id from ' ~ changed_in(['account_id', 'owner_id']) ~ '
            )
        ',
        'dim_agents': 'select response_id from {this} where owner_id in (select agent_id from {changes})',
    },
    'days': rows_of_days('response_id', ['fct_nps_responses', 'fct_follow_ups', 'this'], local_date('answered_at')),
}}) }}

with

answers as (
    select * from {{ ref('fct_nps_responses') }}
    {{ touched('response_id', 'where') }}
),

follow_ups as (
    select * from {{ ref('fct_follow_ups') }}
    {{ touched('response_id', 'where') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

agents as (
    select * from {{ ref('dim_agents') }}
),

-- Before its first case the company ran no loop, and nothing was late.
loop_start as (
    select min(answered_at) as started_at
    from {{ ref('fct_follow_ups') }}
),

-- Several cases of one answer are one follow-up: the owner of the first, and the first contact of any.
cases as (
    select
        response_id,
        {{ value_at_least('owner_id', 'opened_at') }} as owner_id,
        min(account_id) as account_id,
        min(answered_at) as answered_at,
        min(hours_to_first_contact) as hours_to_first_contact,
        max(case when was_reached then 1 else 0 end) = 1 as was_reached,
        max(
            case when was_reached and hours_to_first_contact <= {{ var('landmark_hours') }} then 1 else 0 end
        ) = 1 as was_reached_by_landmark,
        max(case when closed_at is null then 1 else 0 end) = 1 as is_open,
        max(closed_at) as closed_at,
        {{ exact_sum('minutes_spent') }} as minutes_spent,
        sum(attributed_revenue) as attributed_revenue
    from follow_ups
    group by response_id
),

-- A detractor whom nobody can call, because no account is known, is not expected to be called.
detractors as (
    select
        answers.response_id,
        answers.account_id,
        answers.owner_id,
        answers.answered_at
    from answers
    cross join loop_start
    where
        answers.nps_category = 'detractor'
        and answers.account_id is not null
        and answers.answered_at >= loop_start.started_at
),

expected as (
    select
        coalesce(cases.response_id, detractors.response_id) as response_id,
        coalesce(cases.account_id, detractors.account_id) as account_id,
        coalesce(cases.owner_id, detractors.owner_id, accounts.owner_id) as owner_id,
        coalesce(cases.answered_at, detractors.answered_at) as answered_at,
        cases.hours_to_first_contact,
        cases.minutes_spent,
        cases.attributed_revenue,
        cases.closed_at,
        cases.response_id is not null as has_case,
        coalesce(cases.is_open, false) as is_open,
        coalesce(cases.was_reached, false) as was_reached,
        coalesce(cases.was_reached_by_landmark, false) as was_reached_by_landmark,
        detractors.response_id is not null as is_detractor
    from cases
    full outer join detractors
        on cases.response_id = detractors.response_id
    left join accounts
        on coalesce(cases.account_id, detractors.account_id) = accounts.account_id
),

final as (
    select
        expected.response_id,
        expected.account_id,
        coalesce(expected.account_id, expected.response_id) as cluster_id,
        coalesce(expected.owner_id, 'unknown') as owner_id,
        coalesce(agents.team, 'unknown') as team,
        expected.hours_to_first_contact,
        expected.minutes_spent,
        expected.attributed_revenue,
        expected.has_case,
        expected.is_open,
        expected.was_reached,
        expected.was_reached_by_landmark,
        expected.is_detractor,
        {{ local_date('expected.answered_at') }} as answered_date,
        {{ week_start(local_date('expected.answered_at')) }} as week_start,
        expected.answered_at,
        expected.closed_at
    from expected
    left join agents
        on expected.owner_id = agents.agent_id
)

select * from final
