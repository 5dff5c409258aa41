{% set cell = ['cell_number', 'path_number'] %}

with

-- A year of each account: revenue and profit of the year before a quarter end, and whether it paid in the year after.
accounts as (
    select
        cell_number,
        nps_group,
        account_number,
        sum(n_observations) as n_observations,
        sum(n_retained) as n_retained,
        {{ exact_sum('base_profit_12m', is_small=true) }} as base_profit_12m
    from {{ ref('int_account_groups_summed') }}
    where horizon_months = 12
    group by cell_number, nps_group, account_number
),

paths as (
    {{ group_paths() }}
),

sums as (
    select
        cell_number,
        nps_group,
        count(*) as n_accounts,
        sum(n_observations) as n_observations,
        sum(n_retained) as n_retained,
        {{ exact_sum('base_profit_12m', is_small=true) }} as profit
    from accounts
    group by cell_number, nps_group
),

group_means as (
    select
        cell_number,
        nps_group,
        n_accounts,
        profit / n_observations as annual_margin,
        n_retained * 1e0 / n_observations as retention
    from sums
),

valued as (
    select
        *,
        {{ annuity('retention') }} as years,
        {{ annuity('retention', slope=true) }} as years_per_retention
    from group_means
),

levels as (
    select
        valued.cell_number,
        paths.path_number,
        paths.path,
        min(valued.n_accounts) as n_fewest_accounts,
        {{ exact_sum('paths.sign * valued.annual_margin * valued.years') }} as estimate
    from valued
    inner join paths
        on valued.nps_group = paths.nps_group
    group by valued.cell_number, paths.path_number, paths.path
    having count(*) = 2
),

-- The worth is the product of a margin and of years that depend on retention, each a ratio: its change when an account
-- is deleted is that of both, to first order.
parts as (
    select
        accounts.cell_number,
        levels.path_number,
        accounts.account_number,
        case accounts.nps_group when 'promoter' then 1 when 'passive' then 2 else 3 end as part_number,
        paths.sign * valued.years as coefficient,
        accounts.base_profit_12m as numerator,
        accounts.n_observations * 1e0 as denominator,
        1 as n_clusters
    from accounts
    inner join valued
        on
            accounts.cell_number = valued.cell_number
            and accounts.nps_group = valued.nps_group
    inner join paths
        on accounts.nps_group = paths.nps_group
    inner join levels
        on
            accounts.cell_number = levels.cell_number
            and paths.path_number = levels.path_number
    union all
    select
        accounts.cell_number,
        levels.path_number,
        accounts.account_number,
        case accounts.nps_group when 'promoter' then 4 when 'passive' then 5 else 6 end as part_number,
        paths.sign * valued.annual_margin * valued.years_per_retention as coefficient,
        accounts.n_retained * 1e0 as numerator,
        accounts.n_observations * 1e0 as denominator,
        1 as n_clusters
    from accounts
    inner join valued
        on
            accounts.cell_number = valued.cell_number
            and accounts.nps_group = valued.nps_group
    inner join paths
        on accounts.nps_group = paths.nps_group
    inner join levels
        on
            accounts.cell_number = levels.cell_number
            and paths.path_number = levels.path_number
),

ratios as (
    select *
    from {{ jackknife_ratio(
        'parts', cell, part='part_number', cluster='account_number', crv1=false
    ) }} as by_account
),

final as (
    select
        levels.cell_number,
        levels.path,
        {{ as_count('levels.n_fewest_accounts') }} as n_fewest_accounts,
        levels.estimate,
        ratios.std_error,
        ratios.effective_clusters,
        ratios.degrees_of_freedom
    from levels
    inner join ratios
        on
            levels.cell_number = ratios.cell_number
            and levels.path_number = ratios.path_number
)

select * from final
