with

agent_weeks as (
    select * from {{ ref('int_agent_weeks_measured') }}
),

agents as (
    select * from {{ ref('dim_agents') }}
),

rules as (
    select * from {{ ref('leaderboard_rules') }}
),

-- A share of a few due cases wins nothing.
{% set statistics = {
    'n_closed': 'n_closed',
    'n_reached': 'n_reached',
    'share_within_sla': 'case when n_due >= ' ~ var('minimum_scored_answers') ~ ' then share_within_sla end',
    'nps_ci_low': 'ci_low',
} %}
statistics as (
    {% for statistic, expression in statistics.items() %}
    select
        week_start,
        agent_id,
        '{{ statistic }}' as statistic,
        cast({{ expression }} as {{ float_type() }}) as statistic_value
    from agent_weeks
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

met as (
    select
        statistics.week_start,
        statistics.agent_id,
        rules.achievement,
        rules.points * case when rules.is_per_unit then statistics.statistic_value else 1 end as points,
        row_number() over (
            partition by statistics.week_start, statistics.agent_id order by rules.points desc, rules.rule asc
        ) as place_in_text
    from statistics
    inner join rules
        on statistics.statistic = rules.statistic
    where statistics.statistic_value >= rules.threshold
),

scores as (
    select
        week_start,
        agent_id,
        sum(points) as points,
        {{ joined_text('achievement', "', '", 'place_in_text') }} as achievements
    from met
    group by week_start, agent_id
),

joined as (
    select
        agent_weeks.*,
        agents.team,
        coalesce(scores.points, 0) as points,
        scores.achievements,
        agent_weeks.n_answers >= {{ var('minimum_scored_answers') }} as is_ranked
    from agent_weeks
    left join agents
        on agent_weeks.agent_id = agents.agent_id
    left join scores
        on
            agent_weeks.week_start = scores.week_start
            and agent_weeks.agent_id = scores.agent_id
),

-- Ties go to who was in time, then to who closed more, then by name: never by chance.
placed as (
    select
        *,
        row_number() over (
            partition by week_start, is_ranked
            order by points desc, coalesce(share_within_sla, 0) desc, n_closed desc, agent_id asc
        ) as place
    from joined
),

final as (
    select
        week_start,
        agent_id,
        team,
        achievements,
        case when not is_ranked then 'too_few_answers' end as unranked_reason,
        cast(case when is_ranked then place end as {{ dbt.type_int() }}) as rank,
        cast(points as {{ dbt.type_int() }}) as points,
        n_closed,
        n_reached,
        n_answers,
        n_due,
        share_within_sla,
        n_scored,
        n_promoters,
        n_passives,
        n_detractors,
        nps,
        ci_low,
        ci_high,
        ci_method,
        is_ranked,
        is_reportable,
        suppression_reason
    from placed
)

select * from final
