{% set cell = ['week_start', 'agent_id'] %}
{% set days_before = var('agent_window_days') - 7 %}
{% set days_kept = 7 * var('leaderboard_weeks') %}
{% set before, now = "least(date '{before}', date '{now}')", "greatest(date '{before}', date '{now}')" %}

{# What is dealt with in a week counts in its own week and in the weeks that look back on it. #}
{% set weeks_that_look_back %}
select {{ days_spanned('first_week', add_days('first_week', days_before)) }}
from (select distinct week_start as first_week from (%s) as dealt) as spans
{% endset %}

{# The days that a touched week looks at; a week that leaves is touched too, a year before the others. #}
{% set days_read %}
select date_day
from (
    select {{ days_spanned(add_days('unit', -days_before), add_days('unit', 6)) }} as date_day
    from {units} as touched
) as days
{% endset %}

{{ config(meta={'recompute': {
    'unit': 'week_start',
    'follow': {
        'fct_nps_responses': weeks_that_look_back | format(
            'select ' ~ week_start('answered_date') ~ ' as week_start from '
            ~ changed_in(['response_id', 'agent_id', 'cluster_id', 'nps_points', 'answered_date'])
            ~ ' as changed where agent_id is not null'
        ),
        'int_follow_ups_expected': weeks_that_look_back | format('select week_start from {changes}')
            ~ ' union all select ' ~ week_start(local_date('closed_at')) ~ ' from {changes}',
        'as_of': weeks_that_look_back | format(
            limits_passed('select week_start from {int_follow_ups_expected}', var('leaderboard_sla_hours'))
        )
            ~ ' union all select ' ~ days_spanned(week_start(before), now)
            ~ ' union all select ' ~ days_spanned(
                add_days(week_start(before), 1 - days_kept), add_days(week_start(now), -days_kept)
            ),
    },
    'days': rows_of_days('week_start', ['this'], add_days('week_start', -days_before), add_days('week_start', 6)),
}}) }}

with

answers as (
    select * from {{ ref('fct_nps_responses') }}
    where
        agent_id is not null
        {{ touched_when('answered_date in (' ~ days_read ~ ')') }}
),

follow_ups as (
    select * from {{ ref('int_follow_ups_expected') }}
    where
        owner_id <> 'unknown'
        {{ touched_when(
            'week_start in (' ~ days_read ~ ') or ' ~ local_date('closed_at') ~ ' in (' ~ days_read ~ ')'
        ) }}
),

-- An answer belongs to the agent who is named in it and to the owner who has to follow it up.
dealt as (
    select
        agent_id,
        response_id,
        cluster_id,
        {{ week_start('answered_date') }} as week_start,
        nps_points,
        cast(null as {{ dbt.type_int() }}) as is_met
    from answers
    union all
    select
        owner_id as agent_id,
        response_id,
        cluster_id,
        week_start,
        cast(null as {{ dbt.type_int() }}) as nps_points,
        case when hours_to_first_contact <= {{ var('leaderboard_sla_hours') }} then 1 else 0 end as is_met
    from follow_ups
    where
        hours_to_first_contact is not null
        or {{ hours_between('answered_at', day_began_at(as_of_date())) }} > {{ var('leaderboard_sla_hours') }}
),

recent as (
    select * from dealt
    where
        week_start
        > {{ add_days(week_start(as_of_date()), -7 * var('leaderboard_weeks') - var('agent_window_days')) }}
),

clusters as (
    select
        agent_id,
        week_start,
        cluster_id,
        count(distinct response_id) as n_answers,
        count(nps_points) as n_scored,
        count(case when nps_points = 100 then 1 end) as n_promoters,
        count(case when nps_points = 0 then 1 end) as n_passives,
        count(case when nps_points = -100 then 1 end) as n_detractors,
        count(is_met) as n_due,
        coalesce(sum(is_met), 0) as n_met
    from recent
    group by agent_id, week_start, cluster_id
),

-- A week is measured by the answers of the weeks up to it: one week of an agent is too few.
offsets as (
    {% for week in range(var('agent_window_days') // 7) %}
    select {{ 7 * week }} as days_later{{ ' union all' if not loop.last }}
    {% endfor %}
),

windows as (
    select
        clusters.agent_id,
        {{ add_days('clusters.week_start', 'offsets.days_later') }} as week_start,
        clusters.cluster_id,
        sum(clusters.n_answers) as n_answers,
        sum(clusters.n_scored) as n_scored,
        sum(clusters.n_promoters) as n_promoters,
        sum(clusters.n_passives) as n_passives,
        sum(clusters.n_detractors) as n_detractors,
        sum(clusters.n_due) as n_due,
        sum(clusters.n_met) as n_met
    from clusters
    cross join offsets
    where
        {{ add_days('clusters.week_start', 'offsets.days_later') }} <= {{ as_of_date() }}
        and {{ add_days('clusters.week_start', 'offsets.days_later') }}
        > {{ add_days(week_start(as_of_date()), -7 * var('leaderboard_weeks')) }}
    group by
        clusters.agent_id, {{ add_days('clusters.week_start', 'offsets.days_later') }}, clusters.cluster_id
),

classes as (
    select
        week_start,
        agent_id,
        100 * (n_promoters - n_detractors) as numerator,
        n_scored as denominator,
        count(*) as n_clusters
    from windows
    where n_scored > 0
    group by week_start, agent_id, 100 * (n_promoters - n_detractors), n_scored
),

sizes as (
    select
        week_start,
        agent_id,
        sum(n_answers) as n_answers,
        sum(n_scored) as n_scored,
        sum(n_promoters) as n_promoters,
        sum(n_passives) as n_passives,
        sum(n_detractors) as n_detractors,
        sum(n_due) as n_due,
        sum(n_met) as n_met,
        max(n_scored) <= 1 as is_one_answer_each
    from windows
    group by week_start, agent_id
),

measured as (
    select
        sizes.*,
        100e0 * (sizes.n_promoters - sizes.n_detractors) / nullif(sizes.n_scored, 0) as nps,
        scores.std_error,
        scores.degrees_of_freedom,
        scores.effective_clusters
    from sizes
    left join {{ jackknife_ratio('classes', cell, crv1=false) }} as scores
        on
            sizes.week_start = scores.week_start
            and sizes.agent_id = scores.agent_id
),

sure as (
    select
        *,
        {{ score_interval_columns() }}
    from measured
),

-- What was done is of the week itself.
closed as (
    select
        owner_id as agent_id,
        {{ week_start(local_date('closed_at')) }} as week_start,
        count(*) as n_closed,
        count(case when was_reached then 1 end) as n_reached
    from follow_ups
    where
        closed_at is not null
        and {{ local_date('closed_at') }} <= {{ as_of_date() }}
        and {{ week_start(local_date('closed_at')) }}
        > {{ add_days(week_start(as_of_date()), -7 * var('leaderboard_weeks')) }}
    group by owner_id, {{ week_start(local_date('closed_at')) }}
),

final as (
    select
        coalesce(sure.week_start, closed.week_start) as week_start,
        coalesce(sure.agent_id, closed.agent_id) as agent_id,
        {{ as_count('coalesce(closed.n_closed, 0)') }} as n_closed,
        {{ as_count('coalesce(closed.n_reached, 0)') }} as n_reached,
        {{ as_count('coalesce(sure.n_answers, 0)') }} as n_answers,
        {{ as_count('coalesce(sure.n_due, 0)') }} as n_due,
        {{ as_count('coalesce(sure.n_scored, 0)') }} as n_scored,
        {{ as_count('coalesce(sure.n_promoters, 0)') }} as n_promoters,
        {{ as_count('coalesce(sure.n_passives, 0)') }} as n_passives,
        {{ as_count('coalesce(sure.n_detractors, 0)') }} as n_detractors,
        cast(sure.n_met as {{ float_type() }}) / nullif(sure.n_due, 0) as share_within_sla,
        sure.nps,
        sure.ci_low,
        sure.ci_high,
        sure.ci_method,
        coalesce(sure.is_reportable, false) as is_reportable,
        case when sure.agent_id is null then 'no_answers' else sure.suppression_reason end as suppression_reason
    from sure
    full outer join closed
        on
            sure.week_start = closed.week_start
            and sure.agent_id = closed.agent_id
)

select * from final
