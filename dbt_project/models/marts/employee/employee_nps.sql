with

responses as (
    select * from {{ ref('stg_survey__responses') }}
    where
        verdict = 'accepted'
        and score is not null
        and is_complete
        and not is_excluded
),

invitations as (
    select * from {{ ref('stg_survey__invitations') }}
    where verdict = 'accepted'
),

surveys as (
    select * from {{ ref('dim_surveys') }}
    where
        program_type = 'employee'
        and counts_as_nps
        and suppression_reason is null
),

nps_scale as (
    select * from {{ ref('nps_scale') }}
),

-- What the answer does not say, its invitation may: the survey alone is read off it.
traced as (
    select
        responses.survey_id,
        responses.employee_team,
        responses.score,
        responses.answered_date
    from responses
    where responses.survey_id is not null
    union all
    select
        invitations.survey_id,
        responses.employee_team,
        responses.score,
        responses.answered_date
    from responses
    inner join invitations
        on responses.invitation_id = invitations.invitation_id
    where responses.survey_id is null
),

-- A month that is under way would be published again tomorrow with one answer more, and the answer were known.
answers as (
    select
        {{ month_start('traced.answered_date') }} as month_start,
        coalesce(traced.employee_team, 'unknown') as team,
        nps_scale.nps_points
    from traced
    inner join surveys
        on traced.survey_id = surveys.survey_id
    inner join nps_scale
        on traced.score = nps_scale.score
    where {{ add_months(month_start('traced.answered_date'), 1) }} <= {{ add_days(as_of_date(), 1) }}
),

teams as (
    select
        month_start,
        team,
        count(*) as n_scored,
        sum(nps_points) as points_sum
    from answers
    group by month_start, team
),

-- From the smallest team up: those that are too small come first.
ranked as (
    select
        *,
        row_number() over (partition by month_start order by n_scored, team) as size_rank,
        coalesce(
            sum(n_scored) over (
                partition by month_start
                order by n_scored, team
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as n_in_smaller_teams,
        count(case when n_scored < {{ var('minimum_employee_answers') }} then 1 end) over (
            partition by month_start
        ) as n_small_teams
    from teams
),

-- The total less the teams shown is what is hidden, and that must be enough people; since a small team has fewer, it is
-- never one team alone. Where all teams together are too few, the total is hidden too (tests/test_employees.py).
judged as (
    select
        *,
        n_small_teams > 0
        and (
            size_rank <= n_small_teams
            or n_in_smaller_teams < {{ var('minimum_employee_answers') }}
        ) as is_suppressed
    from ranked
),

totals as (
    select
        month_start,
        sum(n_scored) as n_scored,
        sum(points_sum) as points_sum,
        sum(case when is_suppressed then n_scored else 0 end) as n_hidden
    from judged
    group by month_start
),

cells as (
    select
        month_start,
        team,
        n_scored,
        points_sum,
        is_suppressed
    from judged
    union all
    select
        month_start,
        'all' as team,
        n_scored,
        points_sum,
        n_hidden > 0 and n_hidden < {{ var('minimum_employee_answers') }} as is_suppressed
    from totals
),

final as (
    select
        month_start,
        team,
        case
            when not is_suppressed
                then
                    {{ as_count('floor(n_scored * 1e0 / ' ~ var('employee_count_step') ~ ')') }}
                    * {{ var('employee_count_step') }}
        end as n_bucketed,
        case when not is_suppressed then points_sum * 1e0 / n_scored end as nps,
        is_suppressed
    from cells
)

select * from final
