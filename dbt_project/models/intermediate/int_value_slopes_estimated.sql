{% set cell = ['cell_number', 'horizon_months', 'regression'] %}

with

accounts as {{ not_materialized() }}(
    select * from {{ ref('int_account_slopes_summed') }}
),

associations as (
    select * from {{ ref('int_account_associations_summed') }}
),

-- The part of the later points that the points at the start explain.
lead_slopes as (
    select
        cell_number,
        horizon_months,
        {{ exact_sum('lead_points_later') }} / {{ exact_sum('lead_points_points') }} as slope
    from accounts
    where lead_points_points > 0
    group by cell_number, horizon_months
),

clusters as {{ not_materialized() }}(
    select
        cell_number,
        horizon_months,
        'within_account' as regression,
        points_growth as numerator,
        points_points as denominator,
        1 as n_clusters,
        leverage,
        noise_weight
    from accounts
    where
        points_points > 0
        or growth_growth > 0
    union all
    select
        cell_number,
        horizon_months,
        'placebo' as regression,
        placebo_growth as numerator,
        placebo_placebo as denominator,
        1 as n_clusters,
        leverage,
        0e0 as noise_weight
    from accounts
    where
        placebo_placebo > 0
        or growth_growth > 0
    union all
    select
        accounts.cell_number,
        accounts.horizon_months,
        'lead' as regression,
        accounts.lead_later_growth - coalesce(lead_slopes.slope, 0e0) * accounts.lead_points_growth as numerator,
        accounts.lead_later_later
        - 2 * coalesce(lead_slopes.slope, 0e0) * accounts.lead_points_later
        + coalesce(lead_slopes.slope, 0e0) * coalesce(lead_slopes.slope, 0e0) * accounts.lead_points_points
            as denominator,
        1 as n_clusters,
        accounts.lead_leverage as leverage,
        0e0 as noise_weight
    from accounts
    left join lead_slopes
        on
            accounts.cell_number = lead_slopes.cell_number
            and accounts.horizon_months = lead_slopes.horizon_months
    where
        accounts.lead_later_later > 0
        or accounts.lead_growth_growth > 0
    union all
    select
        cell_number,
        horizon_months,
        'adjusted_association' as regression,
        points_growth as numerator,
        points_points as denominator,
        1 as n_clusters,
        leverage,
        noise_weight
    from associations
),

noises as (
    select
        {{ cell | join(', ') }},
        {{ exact_sum('noise_weight') }} as noise_weight
    from clusters
    group by {{ cell | join(', ') }}
),

final as (
    select
        ratios.cell_number,
        ratios.horizon_months,
        ratios.regression,
        {{ as_count('ratios.n_clusters') }} as n_clusters,
        ratios.estimate as slope,
        ratios.std_error,
        ratios.std_error_crv1,
        ratios.effective_clusters,
        ratios.degrees_of_freedom,
        noises.noise_weight / ratios.denominator_total as noise_per_variance
    from {{ jackknife_ratio('clusters', cell, leverage='leverage') }} as ratios
    inner join noises
        on
            ratios.cell_number = noises.cell_number
            and ratios.horizon_months = noises.horizon_months
            and ratios.regression = noises.regression
)

select * from final
