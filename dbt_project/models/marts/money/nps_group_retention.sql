{% set cell = ['cell_number', 'as_of_date', 'horizon_months', 'nps_group'] %}

with

outcomes as {{ not_materialized() }}(
    select * from {{ ref('int_account_outcomes_observed') }}
    where base_revenue > 0
),

cells as (
    select * from {{ ref('int_value_cells_numbered') }}
),

strata as (
    select
        {{ grouped_cell_number() }} as cell_number,
        as_of_date,
        horizon_months,
        nps_group,
        stratum_number,
        count(*) as n_accounts,
        count(case when next_revenue > 0 then 1 end) as n_retained,
        {{ exact_sum('base_revenue', is_small=true) }} as base_revenue,
        {{ exact_sum('next_revenue', is_small=true) }} as next_revenue,
        {{ exact_sum('least(next_revenue, base_revenue)', is_small=true) }} as kept_revenue,
        max(base_revenue) as top_revenue,
        min(case when is_base_complete then 1 else 0 end) = 1 as is_base_complete,
        min(case when is_outcome_complete then 1 else 0 end) = 1 as is_outcome_complete
    from outcomes
    group by {{ grouped_by_cell(['as_of_date', 'horizon_months', 'nps_group', 'stratum_number']) }}
),

grouped as (
    select
        {{ cell | join(', ') }},
        sum(n_accounts) as n_accounts,
        sum(n_retained) as n_retained,
        {{ exact_sum('base_revenue') }} as base_revenue,
        {{ exact_sum('next_revenue') }} as next_revenue,
        {{ exact_sum('kept_revenue') }} as kept_revenue,
        max(top_revenue) as top_revenue,
        min(case when is_base_complete then 1 else 0 end) = 1 as is_base_complete,
        min(case when is_outcome_complete then 1 else 0 end) = 1 as is_outcome_complete
    from strata
    group by {{ cell | join(', ') }}
),

mix as (
    select
        cell_number,
        as_of_date,
        horizon_months,
        stratum_number,
        {{ exact_sum('base_revenue') }} as revenue
    from strata
    group by cell_number, as_of_date, horizon_months, stratum_number
),

mix_totals as (
    select
        cell_number,
        as_of_date,
        horizon_months,
        {{ exact_sum('revenue') }} as revenue
    from mix
    group by cell_number, as_of_date, horizon_months
),

-- A group has its retention in a stratum from two accounts on.
weighed as (
    select
        strata.cell_number,
        strata.as_of_date,
        strata.horizon_months,
        strata.nps_group,
        strata.stratum_number,
        mix.revenue,
        sum(cast(mix.revenue as {{ decimal_type(38, 6) }})) over (
            partition by strata.cell_number, strata.as_of_date, strata.horizon_months, strata.nps_group
        ) as standard_revenue
    from strata
    inner join mix
        on
            strata.cell_number = mix.cell_number
            and strata.as_of_date = mix.as_of_date
            and strata.horizon_months = mix.horizon_months
            and strata.stratum_number = mix.stratum_number
    where strata.n_accounts > 1
),

standards as (
    select
        {{ cell | join(', ') }},
        max(cast(standard_revenue as {{ float_type() }})) as standard_revenue
    from weighed
    group by {{ cell | join(', ') }}
),

-- What is summed above are the sums of the jackknife too: an outcome is complete, and so usable, for all accounts of a
-- period or for none.
usable_cells as (
    select
        {{ cell | join(', ') }},
        n_accounts as n_clusters,
        top_revenue as largest_denominator,
        next_revenue as numerator_total,
        base_revenue as denominator_total
    from grouped
    where is_base_complete and is_outcome_complete
),

usable_strata as (
    select
        strata.cell_number,
        strata.as_of_date,
        strata.horizon_months,
        strata.nps_group,
        strata.stratum_number,
        weighed.revenue / cast(weighed.standard_revenue as {{ float_type() }}) as coefficient,
        strata.n_accounts as n_clusters,
        strata.top_revenue as largest_denominator,
        strata.next_revenue as numerator_total,
        strata.base_revenue as denominator_total
    from strata
    inner join weighed
        on
            strata.cell_number = weighed.cell_number
            and strata.as_of_date = weighed.as_of_date
            and strata.horizon_months = weighed.horizon_months
            and strata.nps_group = weighed.nps_group
            and strata.stratum_number = weighed.stratum_number
    where strata.is_base_complete and strata.is_outcome_complete
),

-- Each account once per cell: a whole base, kept apart by what it may be standardised on.
{% for dimension in ['all'] + var('account_dimensions') %}
accounts_by_{{ dimension }} as {{ not_materialized() }}(
    select
        {{ dimension }}_cell as cell_number,
        as_of_date,
        horizon_months,
        nps_group,
        stratum_number,
        next_revenue as numerator,
        base_revenue as denominator,
        1 as n_clusters
    from outcomes
    where is_usable
),

{% endfor %}
ratios as (
    {% for dimension in ['all'] + var('account_dimensions') %}
    select *
    from {{ jackknife_ratio(
        'accounts_by_' ~ dimension, cell, crv1=false, sums='usable_cells', heavy_tailed=true
    ) }} as by_account
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

standardised as (
    {% for dimension in ['all'] + var('account_dimensions') %}
    select *
    from {{ jackknife_ratio(
        'accounts_by_' ~ dimension, cell, part='stratum_number', crv1=false, sums='usable_strata', heavy_tailed=true
    ) }} as by_account
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

money as (
    select is_withheld from {{ ref('int_money_withheld') }}
),

joined as (
    select
        grouped.*,
        cells.dimension,
        cells.dimension_value,
        grouped.base_revenue / mix_totals.revenue as share_of_base_revenue,
        ratios.estimate,
        ratios.std_error,
        ratios.effective_clusters,
        ratios.degrees_of_freedom,
        standardised.estimate as standardised_estimate,
        standardised.std_error as standardised_std_error,
        standardised.degrees_of_freedom as standardised_degrees_of_freedom,
        standards.standard_revenue / mix_totals.revenue as standardised_share,
        money.is_withheld,
        grouped.is_base_complete and grouped.is_outcome_complete and not money.is_withheld as is_complete
    from grouped
    cross join money
    inner join cells
        on grouped.cell_number = cells.cell_number
    inner join mix_totals
        on
            grouped.cell_number = mix_totals.cell_number
            and grouped.as_of_date = mix_totals.as_of_date
            and grouped.horizon_months = mix_totals.horizon_months
    {% for relation in ['ratios', 'standardised', 'standards'] %}
    left join {{ relation }}
        on
            grouped.cell_number = {{ relation }}.cell_number
            and grouped.as_of_date = {{ relation }}.as_of_date
            and grouped.horizon_months = {{ relation }}.horizon_months
            and grouped.nps_group = {{ relation }}.nps_group
    {% endfor %}
),

sure as (
    select
        *,
        case
            when is_complete and n_accounts >= {{ var('minimum_scored_answers') }}
                then {{ t_quantile('degrees_of_freedom') }} * std_error
        end as margin,
        case
            when is_complete and n_accounts >= {{ var('minimum_scored_answers') }}
                then {{ t_quantile('standardised_degrees_of_freedom') }} * standardised_std_error
        end as standardised_margin,
        case
            when is_withheld then 'revenue_withheld'
            when not is_base_complete then 'base_not_complete'
            when not is_outcome_complete then 'outcome_not_complete'
            when n_accounts < {{ var('minimum_scored_answers') }} then 'suppressed'
            when std_error is null then 'one_account'
            when n_accounts < {{ var('minimum_compared_accounts') }} then 'low_sample'
        end as suppression_reason
    from joined
),

final as (
    select
        as_of_date,
        horizon_months,
        nps_group,
        dimension,
        dimension_value,
        '{{ var("reporting_currency") }}' as currency,
        {{ as_count('n_accounts') }} as n_accounts,
        effective_clusters as effective_n,
        base_revenue,
        next_revenue,
        case when is_complete then estimate end as net_revenue_retention,
        case when is_complete then estimate - margin end as ci_low,
        case when is_complete then estimate + margin end as ci_high,
        case when margin is not null then 'account_jackknife' end as ci_method,
        case when is_complete then standardised_estimate end as net_revenue_retention_standardised,
        case when is_complete then standardised_estimate - standardised_margin end
            as net_revenue_retention_standardised_ci_low,
        case when is_complete then standardised_estimate + standardised_margin end
            as net_revenue_retention_standardised_ci_high,
        case when is_complete then standardised_share end as standardised_share,
        case when is_complete then kept_revenue / base_revenue end as gross_revenue_retention,
        case when is_complete then n_retained * 1e0 / n_accounts end as logo_retention,
        top_revenue / base_revenue as top_account_share,
        suppression_reason is null as is_reportable,
        suppression_reason
    from sure
)

select * from final
