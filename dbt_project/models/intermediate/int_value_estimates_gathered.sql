{% set horizons = var('revenue_horizons_months') %}
{% set lifetime_months = 12 * var('lifetime_years') %}
{% set slopes = ['adjusted_association', 'within_account', 'within_account_iv'] %}
{% set paths = ['detractor_to_passive', 'passive_to_promoter', 'detractor_to_promoter'] %}

with

samples as (
    select * from {{ ref('int_value_samples_measured') }}
),

cells_by_halves as (
    select cell_number from {{ ref('int_value_cells_numbered') }}
    where dimension in ('{{ (['all'] + var('dimensions_by_halves')) | join("', '") }}')
),

slopes as (
    select * from {{ ref('int_value_slopes_estimated') }}
),

steps as (
    select * from {{ ref('int_value_steps_estimated') }}
),

gaps as (
    select * from {{ ref('int_retention_gaps_estimated') }}
),

lifetimes as (
    select * from {{ ref('int_lifetime_values_estimated') }}
),

paths as (
    {{ group_paths() }}
),

per_points as (
    select distinct
        path,
        per_point
    from paths
),

methods as (
    {% for months in horizons %}
    {% for method in slopes %}
    select
        '{{ method }}' as method,
        'all_accounts' as path,
        {{ months }} as horizon_months,
        {{ months }} as sample_months
    union all
    {% endfor %}
    {% for path in ['detractor_to_passive', 'passive_to_promoter'] %}
    select
        'within_account' as method,
        '{{ path }}' as path,
        {{ months }} as horizon_months,
        {{ months }} as sample_months
    union all
    {% endfor %}
    {% for path in paths %}
    select
        'group_retention' as method,
        '{{ path }}' as path,
        {{ months }} as horizon_months,
        {{ months }} as sample_months
    union all
    {% endfor %}
    {% endfor %}
    {% for path in paths %}
    select
        'lifetime_value' as method,
        '{{ path }}' as path,
        {{ lifetime_months }} as horizon_months,
        12 as sample_months
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Everything per point: growth per account point, or what one account in a hundred that moves brings.
estimates as (
    select
        cell_number,
        regression as method,
        'all_accounts' as path,
        horizon_months as sample_months,
        slope,
        std_error,
        std_error_crv1,
        cluster_level,
        effective_accounts,
        effective_clusters,
        degrees_of_freedom,
        case when regression <> 'within_account_iv' then noise_per_variance end as noise_per_variance,
        case when regression = 'within_account_iv' then n_accounts end as n_fewest_accounts,
        cast(null as {{ float_type() }}) as compared_share
    from slopes
    where regression in ('{{ slopes | join("', '") }}')
    union all
    select
        cell_number,
        'within_account' as method,
        path,
        horizon_months as sample_months,
        slope,
        std_error,
        cast(null as {{ float_type() }}) as std_error_crv1,
        cluster_level,
        effective_accounts,
        effective_clusters,
        degrees_of_freedom,
        cast(null as {{ float_type() }}) as noise_per_variance,
        cast(null as {{ dbt.type_bigint() }}) as n_fewest_accounts,
        cast(null as {{ float_type() }}) as compared_share
    from steps
    union all
    select
        gaps.cell_number,
        'group_retention' as method,
        gaps.path,
        gaps.horizon_months as sample_months,
        gaps.estimate * per_points.per_point as slope,
        gaps.std_error * per_points.per_point as std_error,
        cast(null as {{ float_type() }}) as std_error_crv1,
        'account' as cluster_level,
        gaps.effective_clusters as effective_accounts,
        gaps.effective_clusters,
        gaps.degrees_of_freedom,
        cast(null as {{ float_type() }}) as noise_per_variance,
        gaps.n_fewest_accounts,
        gaps.compared_share
    from gaps
    inner join per_points
        on gaps.path = per_points.path
    union all
    -- Of the year's revenue, so that the slope times the base is money here as it is elsewhere.
    select
        lifetimes.cell_number,
        'lifetime_value' as method,
        lifetimes.path,
        12 as sample_months,
        lifetimes.estimate * per_points.per_point * samples.n_latest_accounts / samples.latest_revenue as slope,
        lifetimes.std_error * per_points.per_point * samples.n_latest_accounts / samples.latest_revenue as std_error,
        cast(null as {{ float_type() }}) as std_error_crv1,
        'account' as cluster_level,
        lifetimes.effective_clusters as effective_accounts,
        lifetimes.effective_clusters,
        lifetimes.degrees_of_freedom,
        cast(null as {{ float_type() }}) as noise_per_variance,
        lifetimes.n_fewest_accounts,
        cast(null as {{ float_type() }}) as compared_share
    from lifetimes
    inner join per_points
        on lifetimes.path = per_points.path
    inner join samples
        on
            lifetimes.cell_number = samples.cell_number
            and samples.horizon_months = 12
),

-- Where weights leave few accounts, what every account alike says stands beside, whatever the weighted estimate.
unweighted as (
    select
        cell_number,
        horizon_months,
        'within_account' as method,
        'all_accounts' as path,
        slope,
        std_error,
        degrees_of_freedom
    from slopes
    where
        regression = 'within_account_unweighted'
        and effective_accounts >= {{ var('minimum_effective_accounts') }}
),

levels as (
    select
        cell_number,
        max(case when cluster_level = 'owner' and is_taken_out then 1 else 0 end) as is_owner_taken_out,
        max(case when cluster_level = 'region' and is_taken_out then 1 else 0 end) as is_region_taken_out
    from {{ ref('int_value_levels_weighed') }}
    group by cell_number
),

money as (
    select is_withheld from {{ ref('int_money_withheld') }}
),

joined as (
    select
        samples.*,
        money.is_withheld,
        methods.method,
        methods.path,
        methods.method in ('group_retention', 'lifetime_value') as is_of_groups,
        methods.horizon_months as value_horizon_months,
        -- The quarters whose own growth and points are taken out: of the whole cell, or of each owner or region.
        case
            when methods.method not like 'within_account%' then null
            when levels.is_owner_taken_out = 1 and levels.is_region_taken_out = 1 then 'owner_and_region'
            when levels.is_owner_taken_out = 1 then 'owner'
            when levels.is_region_taken_out = 1 then 'region'
            else 'all'
        end as quarters_of,
        estimates.slope,
        estimates.std_error,
        estimates.std_error_crv1,
        estimates.cluster_level,
        estimates.effective_accounts,
        estimates.effective_clusters,
        estimates.degrees_of_freedom,
        estimates.noise_per_variance,
        estimates.compared_share,
        case when not money.is_withheld then unweighted.slope end as unweighted_slope,
        unweighted.std_error as unweighted_std_error,
        unweighted.degrees_of_freedom as unweighted_degrees_of_freedom,
        case
            when methods.method in ('within_account', 'adjusted_association') then samples.n_accounts
            else coalesce(estimates.n_fewest_accounts, 0)
        end as n_compared_accounts,
        -- Of one whose points come from both halves of its contacts, each account identifies.
        case
            when methods.method = 'within_account_iv' then coalesce(estimates.n_fewest_accounts, 0)
            else samples.n_identifying_accounts
        end as n_compared_identifying,
        case
            when methods.method = 'within_account_iv' then samples.n_halves_observations
            when methods.method like 'within_account%' then samples.n_fresh_observations
            else samples.n_observations
        end as n_compared_observations,
        case when methods.method = 'within_account_iv' then samples.n_halves_accounts else samples.n_accounts end
            as n_accounts_of_method
    from samples
    inner join methods
        on samples.horizon_months = methods.sample_months
    left join estimates
        on
            samples.cell_number = estimates.cell_number
            and samples.horizon_months = estimates.sample_months
            and methods.method = estimates.method
            and methods.path = estimates.path
    left join unweighted
        on
            samples.cell_number = unweighted.cell_number
            and samples.horizon_months = unweighted.horizon_months
            and methods.method = unweighted.method
            and methods.path = unweighted.path
    left join levels
        on samples.cell_number = levels.cell_number
    left join cells_by_halves
        on samples.cell_number = cells_by_halves.cell_number
    cross join money
    -- Elsewhere nothing is estimated by halves, and so nothing is refused.
    where
        methods.method <> 'within_account_iv'
        or cells_by_halves.cell_number is not null
),

-- The first reason that applies, from what is not there at all to what is there and too little. Whether the interval of
-- a slope covers hangs on how many effective accounts carry it, and not on how many there are, how many change or how
-- large the largest is (docs/methods.md). The largest says why they are few. And where nearly all revenue is its own,
-- the slope is that of the others and does not speak for it.
final as (
    select
        cell_number,
        horizon_months as sample_months,
        method,
        path,
        value_horizon_months as horizon_months,
        case
            when is_withheld then 'revenue_withheld'
            when n_complete = 0 then 'no_complete_window'
            when n_usable = 0 then 'no_base_revenue'
            when method like 'within_account%' and n_fresh_observations = 0 then 'no_answers'
            when n_observations = 0 then 'no_answers'
            when
                n_compared_accounts < case
                    when is_of_groups then {{ var('minimum_compared_accounts') }}
                    else {{ var('minimum_effective_accounts') }}
                end
                then 'too_few_accounts'
            when slope is null then 'no_variation'
            when
                top_account_share > {{ var('maximum_top_account_share') }}
                and (
                    is_of_groups
                    or coalesce(effective_accounts, 0) < {{ var('minimum_effective_accounts') }}
                    or 1 - top_account_share < {{ var('minimum_revenue_coverage') }}
                )
                then 'top_account_too_large'
            when
                coalesce(effective_accounts, 0) < {{ var('minimum_effective_accounts') }}
                then 'too_few_effective_accounts'
            when revenue_coverage < {{ var('minimum_revenue_coverage') }} then 'coverage_too_low'
            when std_error is null then 'no_error'
        end as refusal_reason,
        slope,
        std_error,
        std_error_crv1,
        cluster_level,
        effective_clusters,
        degrees_of_freedom,
        unweighted_slope,
        unweighted_std_error,
        unweighted_degrees_of_freedom,
        noise_per_variance,
        compared_share,
        quarters_of,
        identifying_share,
        top_account_share,
        revenue_coverage,
        latest_revenue,
        n_compared_accounts,
        n_accounts_of_method as n_accounts,
        n_compared_identifying as n_identifying_accounts,
        n_compared_observations as n_observations,
        n_without_base
    from joined
)

select * from final
