{% set baseline_from = add_days('shipped_date', -var('action_window_days')) %}
{% set actual_until = add_days('shipped_date', var('action_window_days') - 1) %}
{% set first_day, last_day = 'min(' ~ baseline_from ~ ')', 'max(' ~ actual_until ~ ')' %}
{% set is_around =
    'answered_date between (select ' ~ first_day ~ ' from actions) and (select ' ~ last_day ~ ' from actions)' %}
{% set shipped_actions %}
(
    select
        action_id,
        coalesce(outcome_metric, 'nps') as measured_metric,
        {{ local_date('shipped_at') }} as shipped_date
    from {stg_feedback__actions}
    where shipped_at is not null
) as actions
{% endset %}
{# The actions in whose days an answer changed. Many answers are of one day: the days are looked at. #}
{% set actions_around %}
select actions.action_id
from {{ shipped_actions }}
inner join (select distinct metric, answered_date from (%s) as changed) as changed
    on
        actions.measured_metric = changed.metric
        and {{ baseline_from }} <= changed.answered_date
        and {{ actual_until }} >= changed.answered_date
{% endset %}

{{ config(meta={'recompute': {
    'unit': 'action_id',
    'follow': {
        'stg_feedback__actions': 'action_id',
        'fct_nps_responses': actions_around | format(
            "select 'nps' as metric, answered_date from "
            ~ changed_in(['response_id', 'program_type', 'cluster_id', 'nps_points', 'answered_date']) ~ ' as answers'
        ),
        'fct_experience_responses': actions_around | format('select metric, answered_date from {changes}'),
        'as_of': 'select action_id from ' ~ shipped_actions ~ ' where ' ~ actual_until
            ~ " between least(date '{before}', date '{now}') and greatest(date '{before}', date '{now}')",
    },
    'days': 'select action_id from ' ~ shipped_actions ~ ' where ' ~ baseline_from ~ " <= date '{backfill_to}' and "
        ~ actual_until ~ " >= date '{backfill_from}'",
}}) }}

with

actions as (
    select
        *,
        {{ local_date('started_at') }} as started_date,
        {{ local_date('shipped_at') }} as shipped_date
    from {{ ref('stg_feedback__actions') }}
    where
        verdict = 'accepted'
        {{ touched('action_id') }}
),

answers as (
    select * from {{ ref('fct_nps_responses') }}
    where
        program_type = '{{ var("headline_program_type") }}'
        {{ touched_when(is_around) }}
),

experiences as (
    select * from {{ ref('fct_experience_responses') }}
    {{ touched_when(is_around, 'where') }}
),

-- What an action can be meant to move, in the unit in which it is published: one row per answer.
measured as (
    select
        'nps' as outcome_metric,
        cluster_id,
        nps_points as outcome_value,
        answered_date
    from answers
    union all
    select
        metric as outcome_metric,
        cluster_id,
        normalised_score as outcome_value,
        answered_date
    from experiences
),

judged_actions as (
    select
        *,
        coalesce(outcome_metric, 'nps') as measured_metric,
        {{ baseline_from }} as baseline_from,
        {{ actual_until }} as actual_until,
        coalesce({{ actual_until }} <= {{ as_of_date() }}, false) as is_complete
    from actions
),

-- The day on which it shipped is the first of the days after.
sided as (
    select
        judged_actions.action_id,
        measured.cluster_id,
        case when measured.answered_date < judged_actions.shipped_date then 'baseline' else 'actual' end as side,
        measured.outcome_value
    from judged_actions
    inner join measured
        on
            judged_actions.measured_metric = measured.outcome_metric
            and judged_actions.baseline_from <= measured.answered_date
            and judged_actions.actual_until >= measured.answered_date
    where judged_actions.is_complete
),

parts as (
    select
        action_id,
        cluster_id,
        side,
        case when side = 'actual' then 1 else -1 end as coefficient,
        {{ exact_sum('outcome_value') }} as numerator,
        count(*) as denominator,
        1 as n_clusters
    from sided
    group by action_id, cluster_id, side
),

sides as (
    select
        action_id,
        {{ exact_sum("case when side = 'baseline' then numerator end") }}
        / nullif(sum(case when side = 'baseline' then denominator end), 0) as baseline,
        {{ exact_sum("case when side = 'actual' then numerator end") }}
        / nullif(sum(case when side = 'actual' then denominator end), 0) as actual,
        sum(case when side = 'baseline' then denominator else 0 end) as n_baseline,
        sum(case when side = 'actual' then denominator else 0 end) as n_actual
    from parts
    group by action_id
),

changes as (
    select *
    from {{ jackknife_ratio('parts', ['action_id'], part='side', cluster='cluster_id', crv1=false) }} as by_account
),

joined as (
    select
        judged_actions.*,
        sides.baseline,
        sides.actual,
        coalesce(sides.n_baseline, 0) as n_baseline,
        coalesce(sides.n_actual, 0) as n_actual,
        changes.std_error,
        {{ t_quantile('changes.degrees_of_freedom') }} * changes.std_error as margin_of_error
    from judged_actions
    left join sides
        on judged_actions.action_id = sides.action_id
    left join changes
        on judged_actions.action_id = changes.action_id
),

sure as (
    select
        *,
        case
            when shipped_date is null then 'not_shipped'
            when not is_complete then 'outcome_not_complete'
            when least(n_baseline, n_actual) = 0 then 'no_answers'
            when least(n_baseline, n_actual) < {{ var('minimum_scored_answers') }} then 'suppressed'
            when std_error is null then 'one_account'
            when std_error <= 1e-9 then 'no_variation'
            when least(n_baseline, n_actual) < {{ var('reportable_scored_answers') }} then 'low_sample'
        end as suppression_reason
    from joined
),

final as (
    select
        action_id,
        owner_id,
        theme,
        polarity,
        measured_metric as outcome_metric,
        'before and after' as evidence,
        {{ var('action_window_days') }} as window_days,
        started_date,
        shipped_date,
        {{ as_count('n_baseline') }} as n_baseline,
        {{ as_count('n_actual') }} as n_actual,
        baseline,
        actual,
        actual - baseline as change,
        case when coalesce(suppression_reason, 'low_sample') = 'low_sample' then actual - baseline - margin_of_error end
            as ci_low,
        case when coalesce(suppression_reason, 'low_sample') = 'low_sample' then actual - baseline + margin_of_error end
            as ci_high,
        suppression_reason is null as is_reportable,
        suppression_reason
    from sure
)

select * from final
