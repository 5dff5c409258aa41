{% set dimensions = var('account_dimensions') %}
{% set revenue = 'base_revenue_' ~ (var('revenue_horizons_months') | min) ~ 'm' %}

with

account_periods as (
    select
        *,
        coalesce(owner_id, 'unknown') as account_owner,
        coalesce(region, 'unknown') as account_region
    from {{ ref('fct_account_periods') }}
    where
        account_points is not null
        and {{ revenue }} > 0
),

cells as (
    select * from {{ ref('int_value_cells_numbered') }}
),

stacked as (
    {{ stacked_by_dimension(
        'account_periods', ['account_owner', 'account_region', revenue ~ ' as revenue'], dimensions
    ) }}
),

groups_weighed as (
    select
        dimension,
        dimension_value,
        account_owner,
        account_region,
        {{ exact_sum('cast(revenue as ' ~ float_type() ~ ')') }} as weight
    from stacked
    group by dimension, dimension_value, account_owner, account_region
),

by_level as (
    select
        dimension,
        dimension_value,
        'owner' as cluster_level,
        {{ exact_sum('weight') }} as weight
    from groups_weighed
    group by dimension, dimension_value, account_owner
    union all
    select
        dimension,
        dimension_value,
        'region' as cluster_level,
        {{ exact_sum('weight') }} as weight
    from groups_weighed
    group by dimension, dimension_value, account_region
),

totals as (
    select
        dimension,
        dimension_value,
        cluster_level,
        {{ exact_sum('weight') }} as weight
    from by_level
    group by dimension, dimension_value, cluster_level
),

shared as (
    select
        by_level.dimension,
        by_level.dimension_value,
        by_level.cluster_level,
        by_level.weight / totals.weight as revenue_share
    from by_level
    inner join totals
        on
            by_level.dimension = totals.dimension
            and by_level.dimension_value = totals.dimension_value
            and by_level.cluster_level = totals.cluster_level
),

effective as (
    select
        dimension,
        dimension_value,
        cluster_level,
        count(*) as n_groups,
        1e0 / {{ exact_sum('revenue_share * revenue_share') }} as effective_groups
    from shared
    group by dimension, dimension_value, cluster_level
),

final as (
    select
        cells.cell_number,
        effective.cluster_level,
        {{ as_count('effective.n_groups') }} as n_groups,
        effective.effective_groups,
        effective.n_groups > 1 and effective.effective_groups >= {{ var('minimum_effective_groups') }} as is_clustered,
        effective.n_groups > 1 and effective.effective_groups < {{ var('minimum_effective_groups') }} as is_taken_out
    from effective
    inner join cells
        on
            effective.dimension = cells.dimension
            and effective.dimension_value = cells.dimension_value
)

select * from final
