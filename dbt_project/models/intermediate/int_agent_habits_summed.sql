with

-- No invitation that counts was sent after what has stopped standing by then.
answers as (
    select * from {{ ref('fct_nps_responses') }}
    where
        answered_date > {{ add_days(as_of_date(), -var('monitor_window_days')) }}
        or standing_until > {{ add_days(as_of_date(), -var('monitor_window_days')) }}
),

invitations as (
    select * from {{ ref('fct_survey_invitations') }}
),

follow_ups as (
    select * from {{ ref('fct_follow_ups') }}
    where account_id is not null
),

agent_answers as (
    select * from answers
    where
        agent_id is not null
        and answered_date > {{ add_days(as_of_date(), -var('monitor_window_days')) }}
),

agent_invitations as (
    select * from invitations
    where
        agent_id is not null
        and sent_date > {{ add_days(as_of_date(), -var('monitor_window_days')) }}
),

-- What the person said last before being invited.
standing_answers as (
    select
        agent_invitations.invitation_id,
        agent_invitations.agent_id,
        coalesce(agent_invitations.account_id, agent_invitations.contact_id) as cluster_id,
        {{ value_at_least(
            'answers.nps_category', days_between('answers.answered_date', 'agent_invitations.sent_date')
        ) }} as nps_category
    from agent_invitations
    inner join answers
        on
            agent_invitations.person_id = answers.respondent_id
            and agent_invitations.sent_date > answers.answered_date
            and agent_invitations.sent_date <= answers.standing_until
    group by
        agent_invitations.invitation_id,
        agent_invitations.agent_id,
        coalesce(agent_invitations.account_id, agent_invitations.contact_id)
),

answers_with_open_cases as (
    select distinct agent_answers.response_id
    from agent_answers
    inner join follow_ups
        on
            agent_answers.account_id = follow_ups.account_id
            and agent_answers.answered_at > follow_ups.opened_at
            and agent_answers.answered_at < coalesce(follow_ups.closed_at, cast('9999-12-31' as timestamp))
    where agent_answers.response_id <> follow_ups.response_id
),

-- Closed long enough ago for the cooldown after it to have passed.
closed_cases as (
    select
        case_id,
        owner_id as agent_id,
        account_id,
        {{ local_date('closed_at') }} as closed_date
    from follow_ups
    where
        owner_id is not null
        and {{ local_date('closed_at') }}
        > {{ add_days(as_of_date(), -var('monitor_window_days') - var('cooldown_days')) }}
        and {{ local_date('closed_at') }} <= {{ add_days(as_of_date(), -var('cooldown_days')) }}
),

cases_asked_again as (
    select distinct closed_cases.case_id
    from closed_cases
    inner join invitations
        on
            closed_cases.account_id = invitations.account_id
            and closed_cases.closed_date < invitations.sent_date
            and {{ add_days('closed_cases.closed_date', var('cooldown_days')) }} >= invitations.sent_date
),

observed as (
    select
        'promoter_share' as check_name,
        agent_id,
        cluster_id,
        case when nps_category = 'promoter' then 1 else 0 end as is_yes
    from agent_answers
    union all
    select
        'response_rate' as check_name,
        agent_id,
        coalesce(account_id, contact_id, invitation_id) as cluster_id,
        case when is_scored then 1 else 0 end as is_yes
    from agent_invitations
    where is_delivered
    union all
    select
        'invited_promoter_share' as check_name,
        agent_id,
        cluster_id,
        case when nps_category = 'promoter' then 1 else 0 end as is_yes
    from standing_answers
    union all
    select
        'hasty_answer_share' as check_name,
        agent_answers.agent_id,
        agent_answers.cluster_id,
        case
            when
                {{ hours_between('agent_invitations.sent_at', 'agent_answers.answered_at') }}
                <= {{ var('hasty_answer_minutes') }} / 60e0
                then 1
            else 0
        end as is_yes
    from agent_answers
    inner join agent_invitations
        on agent_answers.invitation_id = agent_invitations.invitation_id
    union all
    select
        'open_case_share' as check_name,
        agent_answers.agent_id,
        agent_answers.cluster_id,
        case when answers_with_open_cases.response_id is not null then 1 else 0 end as is_yes
    from agent_answers
    left join answers_with_open_cases
        on agent_answers.response_id = answers_with_open_cases.response_id
    union all
    select
        'asked_again_share' as check_name,
        closed_cases.agent_id,
        closed_cases.account_id as cluster_id,
        case when cases_asked_again.case_id is not null then 1 else 0 end as is_yes
    from closed_cases
    left join cases_asked_again
        on closed_cases.case_id = cases_asked_again.case_id
),

final as (
    select
        check_name,
        agent_id,
        cluster_id,
        {{ as_count('sum(is_yes)') }} as n_yes,
        {{ as_count('count(*)') }} as n_observed
    from observed
    group by check_name, agent_id, cluster_id
)

select * from final
