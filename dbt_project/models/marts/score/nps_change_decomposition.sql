{% set cell = ['comparison', 'program_type', 'dimension', 'dimension_value', 'period_to'] %}

with

months as (
    select * from {{ ref('nps_by_month') }}
    where nps_rule = 'contact_latest'
),

quarters as (
    select * from {{ ref('int_nps_quarters_summed') }}
),

changes as (
    select * from {{ ref('int_nps_changes_estimated') }}
),

comparisons as (
    {{ period_comparisons() }}
),

-- A period that is still under way would be compared with a whole one.
periods as (
    select
        'month' as period,
        program_type,
        dimension,
        dimension_value,
        n_scored,
        points_sum,
        month_start as period_start
    from months
    where
        n_scored > 0
        and {{ add_months('month_start', 1) }} <= {{ add_days(as_of_date(), 1) }}
    union all
    select
        'quarter' as period,
        program_type,
        dimension,
        dimension_value,
        n_scored,
        points_sum,
        quarter_start as period_start
    from quarters
    where {{ add_months('quarter_start', 3) }} <= {{ add_days(as_of_date(), 1) }}
),

sides as (
    select
        comparisons.comparison,
        periods.program_type,
        periods.dimension,
        periods.dimension_value,
        periods.period_start as period_to,
        0 as n_from,
        0e0 as points_from,
        periods.n_scored as n_to,
        periods.points_sum as points_to
    from periods
    inner join comparisons
        on periods.period = comparisons.period
    union all
    select
        comparisons.comparison,
        periods.program_type,
        periods.dimension,
        periods.dimension_value,
        {{ add_months('periods.period_start', 'comparisons.n_months') }} as period_to,
        periods.n_scored as n_from,
        periods.points_sum as points_from,
        0 as n_to,
        0e0 as points_to
    from periods
    inner join comparisons
        on periods.period = comparisons.period
),

paired as (
    select
        {{ cell | join(', ') }},
        sum(n_from) as n_from,
        sum(points_from) as points_from,
        sum(n_to) as n_to,
        sum(points_to) as points_to
    from sides
    group by {{ cell | join(', ') }}
),

-- Only where both periods have answers: a period to come, and one before the first, are on one side of nothing.
totals as (
    select
        comparison,
        program_type,
        period_to,
        n_from,
        n_to,
        points_from / n_from as nps_from,
        points_to / n_to as nps_to
    from paired
    where
        dimension = 'all'
        and n_from > 0
        and n_to > 0
),

-- Who is there on one side only lends its score to the other: the whole effect is then that of the mix.
scored as (
    select
        paired.*,
        paired.n_from * 1e0 / totals.n_from as weight_from,
        paired.n_to * 1e0 / totals.n_to as weight_to,
        paired.points_from / nullif(paired.n_from, 0) as nps_from,
        paired.points_to / nullif(paired.n_to, 0) as nps_to,
        paired.points_from / nullif(paired.n_from, 0) is null
        or paired.points_to / nullif(paired.n_to, 0) is null as is_one_sided,
        totals.nps_from as nps_total_from,
        totals.nps_to as nps_total_to
    from paired
    inner join totals
        on
            paired.comparison = totals.comparison
            and paired.program_type = totals.program_type
            and paired.period_to = totals.period_to
),

effects as (
    select
        *,
        coalesce(nps_to, nps_from) - coalesce(nps_from, nps_to) as score_change,
        (coalesce(nps_from, nps_to) + coalesce(nps_to, nps_from)) / 2 - (nps_total_from + nps_total_to) / 2 as distance
    from scored
),

sure as (
    select
        *,
        case
            when least(n_from, n_to) < {{ var('minimum_scored_answers') }} then 'suppressed'
            when std_error is null then 'one_account'
            when std_error <= 1e-9 then 'no_variation'
            when least(n_from, n_to) < {{ var('reportable_scored_answers') }} then 'low_sample'
        end as suppression_reason,
        {{ t_quantile('degrees_of_freedom') }} * std_error as margin_of_error
    from changes
),

final as (
    select
        comparisons.comparison,
        effects.program_type,
        effects.dimension,
        effects.dimension_value,
        {{ add_months('effects.period_to', '-comparisons.n_months') }} as period_from,
        effects.period_to,
        {{ as_count('effects.n_from') }} as n_from,
        {{ as_count('effects.n_to') }} as n_to,
        effects.weight_from,
        effects.weight_to,
        effects.nps_from,
        effects.nps_to,
        effects.score_change * (effects.weight_from + effects.weight_to) / 2 as rate_effect,
        -- A product may be minus nothing, whose sign a store of equal numbers keeps or not (tests/test_nights.py).
        case
            when effects.weight_to = effects.weight_from or effects.distance = 0 then 0e0
            else (effects.weight_to - effects.weight_from) * effects.distance
        end as mix_effect,
        effects.is_one_sided,
        effects.nps_total_from,
        effects.nps_total_to,
        effects.nps_total_to - effects.nps_total_from as change,
        case
            when sure.suppression_reason is null or sure.suppression_reason = 'low_sample'
                then greatest(-200e0, sure.estimate - sure.margin_of_error)
        end as ci_low,
        case
            when sure.suppression_reason is null or sure.suppression_reason = 'low_sample'
                then least(200e0, sure.estimate + sure.margin_of_error)
        end as ci_high,
        coalesce(sure.suppression_reason is null, false) as is_reportable,
        sure.suppression_reason
    from effects
    inner join comparisons
        on effects.comparison = comparisons.comparison
    inner join sure
        on
            effects.comparison = sure.comparison
            and effects.program_type = sure.program_type
            and effects.period_to = sure.period_to
)

select * from final
