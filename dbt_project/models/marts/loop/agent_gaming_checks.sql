{% set cell = ['check_name', 'agent_id'] %}
-- An error is never under that of as many independent answers: who has nothing but promoters is not certain.
{% set simple_error %}
(
    {{ wald_interval('(ratios.numerator_total + 2e0)', '0',
        '(ratios.denominator_total - ratios.numerator_total + 2e0)', 1) }}
    - {{ wald_interval('(ratios.numerator_total + 2e0)', '0',
        '(ratios.denominator_total - ratios.numerator_total + 2e0)', -1) }}
) / {{ 400 * var('interval_z') }}e0
{%- endset %}

with

habits as (
    select * from {{ ref('int_agent_habits_summed') }}
),

checks as (
    select * from {{ ref('gaming_checks') }}
),

agents as (
    select * from {{ ref('dim_agents') }}
),

classes as (
    select
        check_name,
        agent_id,
        n_yes as numerator,
        n_observed as denominator,
        count(*) as n_clusters
    from habits
    group by check_name, agent_id, n_yes, n_observed
),

measured as (
    select
        ratios.check_name,
        ratios.agent_id,
        ratios.denominator_total as n_observed,
        ratios.estimate as share_observed,
        greatest(coalesce(ratios.std_error, 0e0), {{ simple_error }}) as std_error
    from {{ jackknife_ratio('classes', cell, crv1=false) }} as ratios
),

weighed as (
    select
        *,
        1 / (std_error * std_error) as weight
    from measured
    where n_observed >= {{ var('monitor_minimum_observed') }}
),

totals as (
    select
        check_name,
        count(*) as n_agents,
        {{ exact_sum('weight') }} as w,
        {{ exact_sum('weight * weight') }} as ww,
        {{ exact_sum('weight * share_observed') }} as wy,
        {{ exact_sum('weight * share_observed * share_observed') }} as wyy
    from weighed
    group by check_name
),

-- Everybody but the agent, by taking the agent off the totals: one who games cannot widen what counts as usual.
peers as (
    select
        weighed.*,
        totals.n_agents - 1 as n_peers,
        totals.w - weighed.weight as w,
        totals.ww - weighed.weight * weighed.weight as ww,
        totals.wy - weighed.weight * weighed.share_observed as wy,
        totals.wyy - weighed.weight * weighed.share_observed * weighed.share_observed as wyy
    from weighed
    inner join totals
        on weighed.check_name = totals.check_name
    where totals.n_agents > {{ var('monitor_minimum_peers') }}
),

-- Honest agents differ too, in customers and in skill: how much beyond chance, after DerSimonian and Laird.
varied as (
    select
        *,
        wy / w as share_of_peers,
        greatest(coalesce((wyy - wy * wy / w - (n_peers - 1)) / nullif(w - ww / w, 0), 0e0), 0e0) as variance_between
    from peers
),

compared as (
    select
        *,
        share_observed - share_of_peers as difference,
        sqrt(std_error * std_error + variance_between + (w + variance_between * ww) / (w * w)) as difference_error,
        n_peers - 1e0 as degrees_of_freedom
    from varied
),

tested as (
    select
        *,
        {{ t_as_normal('difference / difference_error', 'degrees_of_freedom') }} as t_in_normal_scale,
        {{ t_quantile('degrees_of_freedom') }} * difference_error as margin,
        count(*) over () as n_tests
    from compared
),

judged as (
    select
        *,
        {{ t_p_value('t_in_normal_scale', 'degrees_of_freedom') }} as p_value
    from tested
),

joined as (
    select
        measured.check_name,
        measured.agent_id,
        agents.team,
        checks.suspicious_side,
        checks.description,
        measured.n_observed,
        measured.share_observed,
        judged.n_peers,
        judged.share_of_peers,
        judged.difference,
        judged.margin,
        judged.p_value,
        -- Of so many comparisons some lie far out by chance: the limit is shared out among them (Bonferroni).
        judged.p_value * judged.n_tests < {{ var('monitor_false_alarms') }} as is_unusual,
        case
            when judged.agent_id is not null then null
            when measured.n_observed < {{ var('monitor_minimum_observed') }} then 'low_sample'
            else 'too_few_peers'
        end as suppression_reason
    from measured
    inner join checks
        on measured.check_name = checks.check_name
    left join agents
        on measured.agent_id = agents.agent_id
    left join judged
        on
            measured.check_name = judged.check_name
            and measured.agent_id = judged.agent_id
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        agent_id,
        check_name,
        team,
        description,
        case
            when suppression_reason is not null then 'not_enough_data'
            when not is_unusual then 'usual'
            when suspicious_side = 'high' and difference > 0 then 'look_into_it'
            when suspicious_side = 'low' and difference < 0 then 'look_into_it'
            else 'unusual'
        end as verdict,
        {{ as_count('n_observed') }} as n_observed,
        {{ as_count('coalesce(n_peers, 0)') }} as n_peers,
        share_observed,
        share_of_peers,
        difference,
        difference - margin as ci_low,
        difference + margin as ci_high,
        p_value,
        suppression_reason is null as is_reportable,
        suppression_reason
    from joined
)

select * from final
