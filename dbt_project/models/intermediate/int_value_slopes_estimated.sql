{% set by = ['cell_number', 'horizon_months', 'regression', 'cluster_level'] %}

with

sums as {{ not_materialized() }}(
    select * from {{ ref('int_value_clusters_summed') }}
),

-- Those of the panels that are estimated for the company and, of few dimensions, for their values.
company_sums as {{ not_materialized() }}(
    select * from {{ ref('int_company_clusters_summed') }}
),

accounts as {{ not_materialized() }}(
    select * from sums
    where cluster_level = 'account'
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
        cluster_level,
        points_growth as numerator,
        points_points as denominator,
        points_points as size,
        1 as n_clusters,
        leverage,
        noise_weight
    from sums
    where
        points_points > 0
        or growth_growth > 0
    union all
    -- Growth on the points of one half of the contacts, told by those of the other: what is in both is no noise. Either
    -- way round, and the mean of both: a b = s s - d d of the halves' mean s and half their difference d.
    select
        cell_number,
        horizon_months,
        'within_account_iv' as regression,
        cluster_level,
        halves_points_growth as numerator,
        halves_points_points - halves_apart_apart as denominator,
        halves_points_points as size,
        1 as n_clusters,
        halves_leverage as leverage,
        0e0 as noise_weight
    from company_sums
    where
        halves_points_points > 0
        or halves_apart_apart > 0
        or halves_growth_growth > 0
    union all
    select
        cell_number,
        horizon_months,
        'within_account_unweighted' as regression,
        cluster_level,
        even_points_growth as numerator,
        even_points_points as denominator,
        even_points_points as size,
        1 as n_clusters,
        even_leverage as leverage,
        0e0 as noise_weight
    from company_sums
    where
        even_points_points > 0
        or even_growth_growth > 0
    union all
    select
        accounts.cell_number,
        accounts.horizon_months,
        'lead' as regression,
        'account' as cluster_level,
        accounts.lead_later_growth - coalesce(lead_slopes.slope, 0e0) * accounts.lead_points_growth as numerator,
        accounts.lead_later_later
        - 2 * coalesce(lead_slopes.slope, 0e0) * accounts.lead_points_later
        + coalesce(lead_slopes.slope, 0e0) * coalesce(lead_slopes.slope, 0e0) * accounts.lead_points_points
            as denominator,
        accounts.lead_later_later
        - 2 * coalesce(lead_slopes.slope, 0e0) * accounts.lead_points_later
        + coalesce(lead_slopes.slope, 0e0) * coalesce(lead_slopes.slope, 0e0) * accounts.lead_points_points
            as size,
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
        'account' as cluster_level,
        points_growth as numerator,
        points_points as denominator,
        points_points as size,
        1 as n_clusters,
        leverage,
        noise_weight
    from associations
),

noises as (
    select
        {{ by | join(', ') }},
        {{ exact_sum('noise_weight') }} as noise_weight
    from clusters
    group by {{ by | join(', ') }}
),

ratios as (
    select
        *,
        std_error * {{ t_quantile('degrees_of_freedom') }} as margin
    from {{ jackknife_ratio('clusters', by, leverage='leverage', size='size') }} as estimates
),

-- The level whose interval is the widest says how sure the estimate is: what owners or regions share, accounts do not
-- show.
ranked as (
    select
        *,
        row_number() over (
            partition by cell_number, horizon_months, regression
            order by coalesce(margin, -1e0) desc, cluster_level
        ) as place,
        max(case when cluster_level = 'account' then effective_clusters end) over (
            partition by cell_number, horizon_months, regression
        ) as effective_accounts,
        max(case when cluster_level = 'account' then n_clusters end) over (
            partition by cell_number, horizon_months, regression
        ) as n_accounts
    from ratios
),

families as (
    select
        cell_number,
        horizon_months,
        max(case when is_group then 1 else 0 end) as has_families
    from accounts
    group by cell_number, horizon_months
),

final as (
    select
        ranked.cell_number,
        ranked.horizon_months,
        ranked.regression,
        case
            when ranked.cluster_level = 'account' and families.has_families = 1 then 'parent'
            else ranked.cluster_level
        end as cluster_level,
        {{ as_count('ranked.n_clusters') }} as n_clusters,
        {{ as_count('ranked.n_accounts') }} as n_accounts,
        ranked.estimate as slope,
        ranked.std_error,
        ranked.std_error_crv1,
        ranked.effective_accounts,
        ranked.effective_clusters,
        ranked.degrees_of_freedom,
        noises.noise_weight / ranked.denominator_total as noise_per_variance
    from ranked
    inner join noises
        on
            ranked.cell_number = noises.cell_number
            and ranked.horizon_months = noises.horizon_months
            and ranked.regression = noises.regression
            and ranked.cluster_level = noises.cluster_level
    left join families
        on
            ranked.cell_number = families.cell_number
            and ranked.horizon_months = families.horizon_months
    where ranked.place = 1
)

select * from final
