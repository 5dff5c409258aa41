with

outcomes as (
    select
        *,
        is_usable and account_points is not null as is_scored
    from {{ ref('int_account_outcomes_observed') }}
),

sums as (
    select * from {{ ref('int_account_slopes_summed') }}
),

company_sums as (
    select * from {{ ref('int_company_slopes_summed') }}
),

cells as (
    select * from {{ ref('int_value_cells_numbered') }}
),

horizons as (
    {% for months in var('revenue_horizons_months') %}
    select {{ months }} as horizon_months
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

periods as (
    select
        {{ grouped_cell_number() }} as cell_number,
        horizon_months,
        period_number,
        count(case when is_base_complete and is_outcome_complete then 1 end) as n_complete,
        count(case when is_usable then 1 end) as n_usable,
        count(case when is_scored then 1 end) as n_scored,
        count(case when is_base_complete and is_outcome_complete and base_revenue <= 0 then 1 end) as n_without_base,
        coalesce({{ exact_sum('case when is_usable then base_revenue end', is_small=true) }}, 0e0) as revenue,
        coalesce({{ exact_sum('case when is_scored then base_revenue end', is_small=true) }}, 0e0) as scored_revenue
    from outcomes
    group by {{ grouped_by_cell(['horizon_months', 'period_number']) }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by cell_number, horizon_months
            order by case when n_scored > 0 then 1 else 0 end desc, period_number desc
        ) as recency
    from periods
),

samples as (
    select
        cell_number,
        horizon_months,
        sum(n_complete) as n_complete,
        sum(n_usable) as n_usable,
        sum(n_without_base) as n_without_base,
        sum(n_scored) as n_observations,
        {{ exact_sum('scored_revenue') }} / nullif({{ exact_sum('revenue') }}, 0) as revenue_coverage,
        max(case when recency = 1 then scored_revenue end) as latest_revenue,
        max(case when recency = 1 then n_scored end) as n_latest_accounts
    from ranked
    group by cell_number, horizon_months
),

-- An account that moved between the blocks of a cell has a row in each.
accounts as (
    select
        cell_number,
        horizon_months,
        {{ exact_sum('weight') }} as weight,
        sum(n_observations) as n_observations,
        max(case when is_identifying then 1 else 0 end) = 1 as is_identifying,
        account_number
    from sums
    where n_observations > 0
    group by cell_number, horizon_months, account_number
),

accounts_counted as (
    select
        cell_number,
        horizon_months,
        count(*) as n_accounts,
        sum(n_observations) as n_fresh_observations,
        count(case when is_identifying then 1 end) as n_identifying_accounts,
        max(weight) / {{ exact_sum('weight') }} as top_account_share,
        {{ exact_sum('case when is_identifying then weight end') }} / {{ exact_sum('weight') }} as identifying_share
    from accounts
    group by cell_number, horizon_months
),

halves_counted as (
    select
        cell_number,
        horizon_months,
        count(distinct account_number) as n_halves_accounts,
        sum(n_halves_observations) as n_halves_observations
    from company_sums
    where n_halves_observations > 0
    group by cell_number, horizon_months
),

final as (
    select
        cells.cell_number,
        horizons.horizon_months,
        coalesce(samples.n_complete, 0) as n_complete,
        coalesce(samples.n_usable, 0) as n_usable,
        coalesce(samples.n_without_base, 0) as n_without_base,
        coalesce(samples.n_observations, 0) as n_observations,
        coalesce(accounts_counted.n_fresh_observations, 0) as n_fresh_observations,
        coalesce(halves_counted.n_halves_accounts, 0) as n_halves_accounts,
        coalesce(halves_counted.n_halves_observations, 0) as n_halves_observations,
        coalesce(accounts_counted.n_accounts, 0) as n_accounts,
        coalesce(accounts_counted.n_identifying_accounts, 0) as n_identifying_accounts,
        coalesce(samples.n_latest_accounts, 0) as n_latest_accounts,
        coalesce(samples.latest_revenue, 0e0) as latest_revenue,
        samples.revenue_coverage,
        accounts_counted.top_account_share,
        coalesce(accounts_counted.identifying_share, 0e0) as identifying_share
    from cells
    cross join horizons
    left join samples
        on
            cells.cell_number = samples.cell_number
            and horizons.horizon_months = samples.horizon_months
    left join accounts_counted
        on
            cells.cell_number = accounts_counted.cell_number
            and horizons.horizon_months = accounts_counted.horizon_months
    left join halves_counted
        on
            cells.cell_number = halves_counted.cell_number
            and horizons.horizon_months = halves_counted.horizon_months
)

select * from final
