{% set cell = ['cell_number', 'comparison'] %}

with

-- A year of each account: revenue and profit of the year before a quarter end, and whether it paid in the year after.
accounts as (
    select * from {{ ref('int_account_groups_summed') }}
    where horizon_months = 12
),

comparisons as (
    {{ group_comparisons() }}
),

sums as (
    select
        cell_number,
        nps_group,
        count(distinct account_number) as n_accounts,
        sum(n_observations) as n_observations,
        sum(n_retained) as n_retained,
        {{ exact_sum('base_revenue') }} as revenue,
        {{ exact_sum('base_profit_12m') }} as profit
    from accounts
    group by cell_number, nps_group
),

groups as (
    select
        cell_number,
        nps_group,
        n_accounts,
        revenue / n_observations as annual_revenue,
        profit / n_observations as annual_margin,
        n_retained * 1e0 / n_observations as retention
    from sums
),

valued as (
    select
        *,
        {{ annuity('retention') }} as years,
        {{ annuity('retention', slope=true) }} as years_per_retention
    from groups
),

levels as (
    select
        valued.cell_number,
        comparisons.comparison,
        min(valued.n_accounts) as n_fewest_accounts,
        {{ exact_sum('comparisons.sign * valued.annual_margin * valued.years') }} as estimate,
        {{ exact_sum('comparisons.sign * valued.annual_revenue') }} as annual_revenue,
        {{ exact_sum('comparisons.sign * valued.annual_margin') }} as annual_margin,
        {{ exact_sum('comparisons.sign * valued.retention') }} as retention
    from valued
    inner join comparisons
        on valued.nps_group = comparisons.nps_group
    group by valued.cell_number, comparisons.comparison
    having count(*) = max(comparisons.n_groups)
),

-- The worth is the product of a margin and of years that depend on retention, each a ratio: its change when an account
-- is deleted is that of both, to first order.
parts as (
    select
        accounts.cell_number,
        levels.comparison,
        accounts.account_number,
        case accounts.nps_group when 'promoter' then 1 when 'passive' then 2 else 3 end as part_number,
        comparisons.sign * valued.years as coefficient,
        accounts.base_profit_12m as numerator,
        accounts.n_observations * 1e0 as denominator,
        1 as n_clusters
    from accounts
    inner join valued
        on
            accounts.cell_number = valued.cell_number
            and accounts.nps_group = valued.nps_group
    inner join comparisons
        on accounts.nps_group = comparisons.nps_group
    inner join levels
        on
            accounts.cell_number = levels.cell_number
            and comparisons.comparison = levels.comparison
    union all
    select
        accounts.cell_number,
        levels.comparison,
        accounts.account_number,
        case accounts.nps_group when 'promoter' then 4 when 'passive' then 5 else 6 end as part_number,
        comparisons.sign * valued.annual_margin * valued.years_per_retention as coefficient,
        accounts.n_retained * 1e0 as numerator,
        accounts.n_observations * 1e0 as denominator,
        1 as n_clusters
    from accounts
    inner join valued
        on
            accounts.cell_number = valued.cell_number
            and accounts.nps_group = valued.nps_group
    inner join comparisons
        on accounts.nps_group = comparisons.nps_group
    inner join levels
        on
            accounts.cell_number = levels.cell_number
            and comparisons.comparison = levels.comparison
),

ratios as (
    select * from {{ jackknife_ratio('parts', cell, part='part_number', cluster='account_number') }} as by_account
),

weakest as (
    select
        ratios.cell_number,
        comparisons.comparison,
        min(ratios.effective_clusters) as effective_clusters
    from ratios
    inner join comparisons
        on ratios.comparison = comparisons.nps_group
    group by ratios.cell_number, comparisons.comparison
),

final as (
    select
        levels.cell_number,
        levels.comparison,
        {{ as_count('levels.n_fewest_accounts') }} as n_fewest_accounts,
        levels.annual_revenue,
        levels.annual_margin,
        levels.retention,
        levels.estimate,
        ratios.std_error,
        ratios.std_error_crv1,
        weakest.effective_clusters,
        greatest(weakest.effective_clusters - 1e0, 1e0) as degrees_of_freedom
    from levels
    inner join ratios
        on
            levels.cell_number = ratios.cell_number
            and levels.comparison = ratios.comparison
    inner join weakest
        on
            levels.cell_number = weakest.cell_number
            and levels.comparison = weakest.comparison
)

select * from final
