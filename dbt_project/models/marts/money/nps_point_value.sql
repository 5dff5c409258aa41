{% set shortest = var('revenue_horizons_months') | min %}

with

estimates as (
    select * from {{ ref('int_value_estimates_gathered') }}
),

cells as (
    select * from {{ ref('int_value_cells_numbered') }}
),

checks as (
    select * from {{ ref('nps_point_value_checks') }}
),

verdicts as (
    select
        dimension,
        dimension_value,
        method,
        path,
        horizon_months,
        max(case when check_name = 'lag' then verdict end) as lag_verdict,
        max(case when check_name = 'pre_trend' then verdict end) as pre_trend_verdict,
        max(case when check_name = 'reliability' then statistic end) as reliability
    from checks
    group by dimension, dimension_value, method, path, horizon_months
),

-- Over the shortest time alone: over longer ones scores of the months between are in the growth, and the test would
-- fail where points have an effect.
leads as (
    select
        dimension,
        dimension_value,
        verdict as lead_verdict
    from checks
    where
        check_name = 'lead'
        and method = 'within_account'
        and path = 'all_accounts'
        and horizon_months = {{ shortest }}
),

-- A refused estimate has no number, so that nobody can quote it.
given as (
    select
        estimates.*,
        cells.dimension,
        cells.dimension_value,
        verdicts.lag_verdict,
        verdicts.pre_trend_verdict,
        leads.lead_verdict,
        verdicts.reliability,
        case when estimates.refusal_reason is null then estimates.slope end as given_slope,
        case when estimates.refusal_reason is null then estimates.std_error end as given_std_error,
        case when estimates.refusal_reason is null then estimates.std_error_crv1 end as given_std_error_crv1,
        case
            when estimates.refusal_reason is null
                then estimates.std_error * {{ t_quantile('estimates.degrees_of_freedom') }}
        end as margin,
        estimates.unweighted_std_error * {{ t_quantile('estimates.unweighted_degrees_of_freedom') }}
            as unweighted_margin,
        -- What could be graded B is compared: the company over its horizons, and all values of dimensions over theirs.
        estimates.refusal_reason is null
        and estimates.method = 'within_account'
        and estimates.path = 'all_accounts'
        and estimates.std_error > 0 as is_compared,
        case when cells.dimension = 'all' then 'horizons' else 'dimension_values' end as compared_among,
        {{ t_as_normal('estimates.slope / nullif(estimates.std_error, 0)', 'estimates.degrees_of_freedom') }}
            as t_normal
    from estimates
    inner join cells
        on estimates.cell_number = cells.cell_number
    inner join verdicts
        on
            cells.dimension = verdicts.dimension
            and cells.dimension_value = verdicts.dimension_value
            and estimates.method = verdicts.method
            and estimates.path = verdicts.path
            and estimates.horizon_months = verdicts.horizon_months
    left join leads
        on
            cells.dimension = leads.dimension
            and cells.dimension_value = leads.dimension_value
),

tested as (
    select
        *,
        case when is_compared then {{ t_p_value('t_normal', 'degrees_of_freedom') }} end as p_value
    from given
),

ranked as (
    select
        *,
        row_number() over (
            partition by is_compared, compared_among
            order by p_value, dimension, dimension_value, horizon_months, path, method
        ) as place,
        count(p_value) over (partition by is_compared, compared_among) as n_compared
    from tested
),

-- Holm among the company's few, which are one question; Benjamini and Hochberg among the many values.
stepped as (
    select
        *,
        max(p_value * (n_compared - place + 1)) over (
            partition by is_compared, compared_among
            order by place
            rows between unbounded preceding and current row
        ) as holm_value,
        min(p_value * n_compared / place) over (
            partition by is_compared, compared_among
            order by place
            rows between current row and unbounded following
        ) as hochberg_value
    from ranked
),

adjusted as (
    select
        *,
        case
            when is_compared
                then least(case when compared_among = 'horizons' then holm_value else hochberg_value end, 1e0)
        end as q_value
    from stepped
),

-- The first reason why the grade is no better.
reasoned as (
    select
        *,
        case
            when refusal_reason is not null then refusal_reason
            when method = 'adjusted_association' then 'association_only'
            when method not like 'within_account%' then 'descriptive'
            when lag_verdict = 'failed' or pre_trend_verdict = 'failed' then 'follows_past_growth'
            -- Where most of the score is noise, points do not stand for themselves, and the test fails by it; so it may
            -- where one contact speaks for each account, and nobody knows how much is noise.
            when lead_verdict = 'failed' and reliability >= {{ var('minimum_reliability') }} then 'lead_failed'
            when lag_verdict <> 'passed' then 'order_unknown'
            -- Where the estimate lies, and what noise takes from it: no look of its own.
            when path <> 'all_accounts' then 'part_of_an_estimate'
            when method <> 'within_account' then 'beside_an_estimate'
            when p_value is null or abs(given_slope) <= margin then 'interval_holds_zero'
            when q_value > {{ var('maximum_false_share') }} then 'many_looks'
            else 'not_randomised'
        end as grade_reason
    from adjusted
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        dimension,
        dimension_value,
        method,
        path,
        horizon_months,
        '{{ var("reporting_currency") }}' as currency,
        -- A is for experiments, and no method here is one.
        case
            when refusal_reason is not null then 'R'
            when grade_reason = 'not_randomised' then 'B'
            when grade_reason = 'descriptive' then 'D'
            else 'C'
        end as evidence_grade,
        grade_reason,
        refusal_reason,
        case when refusal_reason is null then 'account_jackknife' end as ci_method,
        case when refusal_reason is null then cluster_level end as cluster_level,
        quarters_of,
        given_slope as slope_per_point,
        given_std_error as slope_std_error,
        given_std_error_crv1 as slope_std_error_crv1,
        given_slope - margin as slope_ci_low,
        given_slope + margin as slope_ci_high,
        unweighted_slope as unweighted_slope_per_point,
        unweighted_slope - unweighted_margin as unweighted_slope_ci_low,
        unweighted_slope + unweighted_margin as unweighted_slope_ci_high,
        given_slope * latest_revenue as value_per_point,
        (given_slope - margin) * latest_revenue as ci_low,
        (given_slope + margin) * latest_revenue as ci_high,
        latest_revenue as base_revenue,
        revenue_coverage,
        top_account_share,
        effective_clusters as effective_n,
        degrees_of_freedom,
        reliability,
        q_value,
        {{ as_count('n_accounts') }} as n_accounts,
        {{ as_count('n_compared_accounts') }} as n_compared_accounts,
        {{ as_count('n_identifying_accounts') }} as n_identifying_accounts,
        {{ as_count('n_observations') }} as n_observations,
        {{ as_count('n_without_base') }} as n_without_base,
        {{ as_count('case when is_compared then n_compared end') }} as n_compared_estimates,
        coalesce(reliability < {{ var('minimum_reliability') }}, false) as is_likely_too_small,
        refusal_reason is null as is_reportable,
        refusal_reason as suppression_reason
    from reasoned
)

select * from final
