with

estimates as (
    select * from {{ ref('int_value_estimates_gathered') }}
),

cells as (
    select * from {{ ref('int_value_cells_numbered') }}
),

checks as (
    select
        dimension,
        dimension_value,
        method,
        path,
        horizon_months,
        count(case when verdict = 'passed' then 1 end) = count(*) as is_passed
    from {{ ref('nps_point_value_checks') }}
    where check_name in ('lead', 'placebo')
    group by dimension, dimension_value, method, path, horizon_months
),

-- A refused estimate has no number, so that nobody can quote it.
given as (
    select
        estimates.*,
        cells.dimension,
        cells.dimension_value,
        checks.is_passed as is_lead_and_placebo_passed,
        case when estimates.refusal_reason is null then estimates.slope end as given_slope,
        case when estimates.refusal_reason is null then estimates.std_error end as given_std_error,
        case when estimates.refusal_reason is null then estimates.std_error_crv1 end as given_std_error_crv1,
        case
            when estimates.refusal_reason is null
                then estimates.std_error * {{ t_quantile('estimates.degrees_of_freedom') }}
        end as margin
    from estimates
    inner join cells
        on estimates.cell_number = cells.cell_number
    inner join checks
        on
            cells.dimension = checks.dimension
            and cells.dimension_value = checks.dimension_value
            and estimates.method = checks.method
            and estimates.path = checks.path
            and estimates.horizon_months = checks.horizon_months
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
            when
                method = 'within_account'
                and is_lead_and_placebo_passed
                and abs(given_slope) > margin
                then 'B'
            when method in ('within_account', 'adjusted_association') then 'C'
            else 'D'
        end as evidence_grade,
        refusal_reason,
        case when refusal_reason is null then 'account_jackknife' end as ci_method,
        given_slope as slope_per_point,
        given_std_error as slope_std_error,
        given_std_error_crv1 as slope_std_error_crv1,
        given_slope - margin as slope_ci_low,
        given_slope + margin as slope_ci_high,
        given_slope * latest_revenue as value_per_point,
        (given_slope - margin) * latest_revenue as ci_low,
        (given_slope + margin) * latest_revenue as ci_high,
        latest_revenue as base_revenue,
        revenue_coverage,
        top_account_share,
        effective_clusters as effective_n,
        degrees_of_freedom,
        {{ as_count('n_accounts') }} as n_accounts,
        {{ as_count('n_compared_accounts') }} as n_compared_accounts,
        {{ as_count('n_identifying_accounts') }} as n_identifying_accounts,
        {{ as_count('n_observations') }} as n_observations,
        {{ as_count('n_without_base') }} as n_without_base,
        refusal_reason is null as is_reportable,
        refusal_reason as suppression_reason
    from given
)

select * from final
