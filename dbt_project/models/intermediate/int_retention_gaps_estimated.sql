{% set cell = ['cell_number', 'horizon_months', 'path_number'] %}
{% set group = ['cell_number', 'horizon_months', 'stratum_number', 'nps_group'] %}

with

outcomes as {{ not_materialized() }}(
    select * from {{ ref('int_account_outcomes_observed') }}
    where is_usable
),

accounts as {{ not_materialized() }}(
    select * from {{ ref('int_account_groups_summed') }}
),

paths as (
    {{ group_paths() }}
),

path_names as (
    select distinct
        path_number,
        path
    from paths
),

-- The mix of all accounts with revenue, also of those that did not answer.
mix as (
    select
        {{ grouped_cell_number() }} as cell_number,
        horizon_months,
        stratum_number,
        {{ exact_sum('base_revenue') }} as revenue
    from outcomes
    group by {{ grouped_by_cell(['horizon_months', 'stratum_number']) }}
),

mix_totals as (
    select
        cell_number,
        horizon_months,
        {{ exact_sum('revenue') }} as revenue
    from mix
    group by cell_number, horizon_months
),

groups_in_strata as (
    select
        cell_number,
        horizon_months,
        stratum_number,
        nps_group,
        count(*) as n_accounts,
        {{ exact_sum('next_revenue') }} as next_revenue,
        {{ exact_sum('base_revenue') }} as base_revenue,
        max(base_revenue) as largest_base_revenue
    from accounts
    group by cell_number, horizon_months, stratum_number, nps_group
),

-- Like is compared with like only where each group of the path has at least two accounts.
comparable_strata as (
    select
        groups_in_strata.cell_number,
        groups_in_strata.horizon_months,
        paths.path_number,
        groups_in_strata.stratum_number
    from groups_in_strata
    inner join paths
        on groups_in_strata.nps_group = paths.nps_group
    where groups_in_strata.n_accounts > 1
    group by
        groups_in_strata.cell_number,
        groups_in_strata.horizon_months,
        paths.path_number,
        groups_in_strata.stratum_number
    having count(*) = 2
),

weighed as (
    select
        comparable_strata.*,
        mix.revenue,
        sum(cast(mix.revenue as {{ decimal_type(38, 6) }})) over (
            partition by
                comparable_strata.cell_number, comparable_strata.horizon_months, comparable_strata.path_number
        ) as compared_revenue
    from comparable_strata
    inner join mix
        on
            comparable_strata.cell_number = mix.cell_number
            and comparable_strata.horizon_months = mix.horizon_months
            and comparable_strata.stratum_number = mix.stratum_number
),

group_sums as (
    select
        groups_in_strata.cell_number,
        groups_in_strata.horizon_months,
        groups_in_strata.stratum_number,
        groups_in_strata.nps_group,
        weighed.path_number,
        paths.sign,
        2 * groups_in_strata.stratum_number + case when paths.sign > 0 then 1 else 0 end as part_number,
        paths.sign * weighed.revenue / cast(weighed.compared_revenue as {{ float_type() }}) as coefficient,
        groups_in_strata.n_accounts as n_clusters,
        groups_in_strata.largest_base_revenue as largest_denominator,
        groups_in_strata.next_revenue as numerator_total,
        groups_in_strata.base_revenue as denominator_total
    from groups_in_strata
    inner join weighed
        on
            groups_in_strata.cell_number = weighed.cell_number
            and groups_in_strata.horizon_months = weighed.horizon_months
            and groups_in_strata.stratum_number = weighed.stratum_number
    inner join paths
        on
            weighed.path_number = paths.path_number
            and groups_in_strata.nps_group = paths.nps_group
),

clusters as {{ not_materialized() }}(
    select
        cell_number,
        horizon_months,
        stratum_number,
        nps_group,
        account_number,
        next_revenue as numerator,
        base_revenue as denominator,
        1 as n_clusters
    from accounts
),

groups_compared as (
    select
        group_sums.cell_number,
        group_sums.horizon_months,
        group_sums.path_number,
        group_sums.sign,
        count(distinct clusters.account_number) as n_accounts
    from clusters
    inner join group_sums
        on
            clusters.cell_number = group_sums.cell_number
            and clusters.horizon_months = group_sums.horizon_months
            and clusters.stratum_number = group_sums.stratum_number
            and clusters.nps_group = group_sums.nps_group
    group by group_sums.cell_number, group_sums.horizon_months, group_sums.path_number, group_sums.sign
),

fewest as (
    select
        {{ cell | join(', ') }},
        min(n_accounts) as n_fewest_accounts
    from groups_compared
    group by {{ cell | join(', ') }}
),

supports as (
    select
        weighed.cell_number,
        weighed.horizon_months,
        weighed.path_number,
        max(cast(weighed.compared_revenue as {{ float_type() }}) / mix_totals.revenue) as compared_share
    from weighed
    inner join mix_totals
        on
            weighed.cell_number = mix_totals.cell_number
            and weighed.horizon_months = mix_totals.horizon_months
    group by weighed.cell_number, weighed.horizon_months, weighed.path_number
),

ratios as (
    select *
    from {{ jackknife_ratio(
        'clusters', cell, part='part_number', cluster='account_number', crv1=false, sums='group_sums', matched_by=group
    ) }} as by_account
),

final as (
    select
        ratios.cell_number,
        ratios.horizon_months,
        path_names.path,
        {{ as_count('fewest.n_fewest_accounts') }} as n_fewest_accounts,
        ratios.estimate,
        ratios.std_error,
        ratios.effective_clusters,
        ratios.degrees_of_freedom,
        supports.compared_share
    from ratios
    inner join path_names
        on ratios.path_number = path_names.path_number
    inner join fewest
        on
            ratios.cell_number = fewest.cell_number
            and ratios.horizon_months = fewest.horizon_months
            and ratios.path_number = fewest.path_number
    inner join supports
        on
            ratios.cell_number = supports.cell_number
            and ratios.horizon_months = supports.horizon_months
            and ratios.path_number = supports.path_number
)

select * from final
