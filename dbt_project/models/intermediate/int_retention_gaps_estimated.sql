{% set cell = ['cell_number', 'horizon_months', 'comparison'] %}

with

outcomes as (
    select * from {{ ref('int_account_outcomes_observed') }}
    where is_usable
),

accounts as (
    select * from {{ ref('int_account_groups_summed') }}
),

comparisons as (
    {{ group_comparisons() }}
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
        count(distinct account_number) as n_accounts
    from accounts
    group by cell_number, horizon_months, stratum_number, nps_group
),

-- Like is compared with like only where each group of the comparison has at least two accounts.
comparable_strata as (
    select
        groups_in_strata.cell_number,
        groups_in_strata.horizon_months,
        comparisons.comparison,
        groups_in_strata.stratum_number
    from groups_in_strata
    inner join comparisons
        on groups_in_strata.nps_group = comparisons.nps_group
    where groups_in_strata.n_accounts > 1
    group by
        groups_in_strata.cell_number,
        groups_in_strata.horizon_months,
        comparisons.comparison,
        groups_in_strata.stratum_number
    having count(*) = max(comparisons.n_groups)
),

weighed as (
    select
        comparable_strata.*,
        mix.revenue,
        sum(cast(mix.revenue as {{ decimal_type(38, 6) }})) over (
            partition by
                comparable_strata.cell_number, comparable_strata.horizon_months, comparable_strata.comparison
        ) as compared_revenue
    from comparable_strata
    inner join mix
        on
            comparable_strata.cell_number = mix.cell_number
            and comparable_strata.horizon_months = mix.horizon_months
            and comparable_strata.stratum_number = mix.stratum_number
),

parts as (
    select
        accounts.cell_number,
        accounts.horizon_months,
        weighed.comparison,
        accounts.nps_group,
        accounts.account_number,
        2 * weighed.stratum_number + case when comparisons.sign > 0 then 1 else 0 end as part_number,
        comparisons.sign * weighed.revenue / cast(weighed.compared_revenue as {{ float_type() }}) as coefficient,
        accounts.next_revenue as numerator,
        accounts.base_revenue as denominator,
        1 as n_clusters
    from accounts
    inner join weighed
        on
            accounts.cell_number = weighed.cell_number
            and accounts.horizon_months = weighed.horizon_months
            and accounts.stratum_number = weighed.stratum_number
    inner join comparisons
        on
            weighed.comparison = comparisons.comparison
            and accounts.nps_group = comparisons.nps_group
),

groups_compared as (
    select
        parts.cell_number,
        parts.horizon_months,
        parts.comparison,
        parts.nps_group,
        count(distinct parts.account_number) as n_accounts
    from parts
    group by parts.cell_number, parts.horizon_months, parts.comparison, parts.nps_group
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
        weighed.comparison,
        max(cast(weighed.compared_revenue as {{ float_type() }}) / mix_totals.revenue) as compared_share
    from weighed
    inner join mix_totals
        on
            weighed.cell_number = mix_totals.cell_number
            and weighed.horizon_months = mix_totals.horizon_months
    group by weighed.cell_number, weighed.horizon_months, weighed.comparison
),

ratios as (
    select * from {{ jackknife_ratio('parts', cell, part='part_number', cluster='account_number') }} as by_account
),

-- A gap is as sure as the less sure of its two groups.
weakest as (
    select
        ratios.cell_number,
        ratios.horizon_months,
        comparisons.comparison,
        min(ratios.effective_clusters) as effective_clusters
    from ratios
    inner join comparisons
        on ratios.comparison = comparisons.nps_group
    group by ratios.cell_number, ratios.horizon_months, comparisons.comparison
),

final as (
    select
        ratios.cell_number,
        ratios.horizon_months,
        ratios.comparison,
        {{ as_count('fewest.n_fewest_accounts') }} as n_fewest_accounts,
        ratios.estimate,
        ratios.std_error,
        ratios.std_error_crv1,
        weakest.effective_clusters,
        greatest(weakest.effective_clusters - 1e0, 1e0) as degrees_of_freedom,
        supports.compared_share
    from ratios
    inner join weakest
        on
            ratios.cell_number = weakest.cell_number
            and ratios.horizon_months = weakest.horizon_months
            and ratios.comparison = weakest.comparison
    inner join fewest
        on
            ratios.cell_number = fewest.cell_number
            and ratios.horizon_months = fewest.horizon_months
            and ratios.comparison = fewest.comparison
    inner join supports
        on
            ratios.cell_number = supports.cell_number
            and ratios.horizon_months = supports.horizon_months
            and ratios.comparison = supports.comparison
)

select * from final
