{% set cell = ['dimension', 'dimension_value'] %}

with

follow_ups as (
    select
        cluster_id,
        team,
        owner_id,
        cast(coalesce(attributed_revenue, 0) as {{ float_type() }}) as attributed_revenue,
        coalesce(minutes_spent, 0) / 60 as hours_spent
    from {{ ref('int_follow_ups_expected') }}
    where has_case
),

own_estimates as (
    select * from {{ ref('int_follow_up_values_estimated') }}
    where exposure = 'attempted'
),

stacked as (
    {{ stacked_by_dimension(
        'follow_ups', ['cluster_id', 'attributed_revenue', 'hours_spent'], var('follow_up_dimensions')
    ) }}
),

clusters as (
    select
        dimension,
        dimension_value,
        cluster_id,
        count(*) as n_follow_ups,
        {{ exact_sum('attributed_revenue') }} as numerator,
        {{ exact_sum('hours_spent') }} as denominator,
        1 as n_clusters
    from stacked
    group by dimension, dimension_value, cluster_id
),

sizes as (
    select
        dimension,
        dimension_value,
        sum(n_follow_ups) as n_follow_ups,
        count(*) as n_accounts,
        {{ exact_sum('numerator') }} as attributed_revenue,
        {{ exact_sum('denominator') }} as hours_spent
    from clusters
    group by dimension, dimension_value
),

joined as (
    select
        sizes.*,
        claims.estimate as claimed_per_hour,
        case
            when sizes.n_accounts >= {{ var('minimum_scored_answers') }}
                then {{ t_quantile('claims.degrees_of_freedom') }} * claims.std_error
        end as claimed_margin,
        own_estimates.revenue_per_hour,
        own_estimates.revenue_per_hour_ci_low as ci_low,
        own_estimates.revenue_per_hour_ci_high as ci_high,
        case
            when own_estimates.dimension is null then 'no_complete_window'
            else own_estimates.revenue_suppression_reason
        end as suppression_reason
    from sizes
    left join {{ jackknife_ratio('clusters', cell, crv1=false) }} as claims
        on
            sizes.dimension = claims.dimension
            and sizes.dimension_value = claims.dimension_value
    left join own_estimates
        on
            sizes.dimension = own_estimates.dimension
            and sizes.dimension_value = own_estimates.dimension_value
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        dimension,
        dimension_value,
        '{{ var("reporting_currency") }}' as currency,
        {{ as_count('n_follow_ups') }} as n_follow_ups,
        {{ as_count('n_accounts') }} as n_accounts,
        hours_spent,
        attributed_revenue,
        claimed_per_hour,
        claimed_per_hour - claimed_margin as claimed_per_hour_ci_low,
        claimed_per_hour + claimed_margin as claimed_per_hour_ci_high,
        revenue_per_hour,
        ci_low,
        ci_high,
        case when suppression_reason is null then 'C' else 'R' end as evidence_grade,
        suppression_reason is null as is_reportable,
        suppression_reason
    from joined
)

select * from final
