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

-- The hidden teams are one group: what the total tells of them.
grouped as (
    select
        month_start,
        is_suppressed,
        case when not is_suppressed then team end as team,
        sum(n_scored) as n_scored,
        sum(points_sum) * 1e0 / sum(n_scored) as nps,
        {{ as_count('floor(sum(n_scored) * 1e0 / ' ~ var('employee_count_step') ~ ')') }}
        * {{ var('employee_count_step') }} as n_bucketed
    from judged
    group by month_start, is_suppressed, case when not is_suppressed then team end
),

-- An exact score would tell the exact count (14.3 is one of seven). So it is rounded, to steps that go into 100 and are
-- as wide as what two answers by one place move it: where all say the same, the score may also be that of a group in
-- which one does not (tests/test_employees.py).
stepped as (
    select
        *,
        case
            when n_bucketed >= 40 then 5e0
            when n_bucketed >= 20 then 10e0
            when n_bucketed >= 10 then 20e0
            else 50e0
        end as nps_step
    from grouped
),

rounded as (
    select
        *,
        -- Adding 0 turns the -0 of a small negative score into 0.
        round(nps / nps_step) * nps_step + 0e0 as rounded_nps
    from stepped
),

-- Of the rounded groups: an exact total would narrow down what each of them may be.
totals as (
    select
        month_start,
        {{ as_count('floor(sum(n_scored) * 1e0 / ' ~ var('employee_count_step') ~ ')') }}
        * {{ var('employee_count_step') }} as n_bucketed,
        round(sum(n_bucketed * rounded_nps) / nullif(sum(n_bucketed), 0) / 5) * 5 + 0e0 as nps,
        sum(case when is_suppressed then n_scored else 0 end) as n_hidden
    from rounded
    group by month_start
),

cells as (
    select
        month_start,
        team,
        n_bucketed,
        rounded_nps as nps,
        is_suppressed
    from rounded
    where not is_suppressed
    union all
    select
        month_start,
        team,
        null as n_bucketed,
        null as nps,
        is_suppressed
    from judged
    where is_suppressed
    union all
    select
        month_start,
        'all' as team,
        n_bucketed,
        nps,
        n_hidden > 0 and n_hidden < {{ var('minimum_employee_answers') }} as is_suppressed
    from totals
),

final as (
    select
        month_start,
        team,
        case when not is_suppressed then {{ as_count('n_bucketed') }} end as n_bucketed,
        case when not is_suppressed then nps end as nps,
        is_suppressed
    from cells
)

select * from final
