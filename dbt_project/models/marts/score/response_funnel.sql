{% set cell = ['month_start', 'survey_id', 'dimension', 'dimension_value'] %}
{% set enough = var('minimum_stratum_answers') %}

{{ config(partition_by=partitioned_by_month('month_start'), meta={'recompute': {
    'unit': 'month_start',
    'follow': {'int_response_strata_summed': 'month_start', 'int_response_accounts_summed': 'month_start'},
    'days': rows_of_months('month_start', ['int_response_strata_summed', 'this']),
}}) }}

with

strata as (
    select * from {{ ref('int_response_strata_summed') }}
    {{ touched('month_start', 'where') }}
),

accounts as (
    select * from {{ ref('int_response_accounts_summed') }}
    {{ touched('month_start', 'where') }}
),

surveys as (
    select * from {{ ref('dim_surveys') }}
),

counts as (
    select
        {{ cell | join(', ') }},
        sum(n_invited) as n_invited,
        sum(n_delivered) as n_delivered,
        sum(n_opened) as n_opened,
        sum(n_answered) as n_answered,
        sum(n_scored) as n_scored,
        sum(n_cooldown_breaches) as n_cooldown_breaches,
        sum(n_nps) as n_nps,
        {{ exact_sum('points_sum') }} as points_sum
    from strata
    group by {{ cell | join(', ') }}
),

-- Strata with too few answers go together: first those of one segment, then all that are left, then with the smallest.
of_a_segment as (
    select
        {{ cell | join(', ') }},
        segment,
        case when n_nps >= {{ enough }} then size_band else '' end as size_band,
        sum(n_delivered) as n_delivered,
        sum(n_nps) as n_nps,
        {{ exact_sum('points_sum') }} as points_sum
    from strata
    where n_delivered > 0
    group by {{ cell | join(', ') }}, segment, case when n_nps >= {{ enough }} then size_band else '' end
),

of_all_segments as (
    select
        {{ cell | join(', ') }},
        case when n_nps >= {{ enough }} then segment else '' end as segment,
        case when n_nps >= {{ enough }} then size_band else '' end as size_band,
        n_nps < {{ enough }} as is_rest,
        sum(n_delivered) as n_delivered,
        sum(n_nps) as n_nps,
        {{ exact_sum('points_sum') }} as points_sum
    from of_a_segment
    group by
        {{ cell | join(', ') }},
        case when n_nps >= {{ enough }} then segment else '' end,
        case when n_nps >= {{ enough }} then size_band else '' end,
        n_nps < {{ enough }}
),

ranked as (
    select
        *,
        min(case when is_rest then n_nps end) over (partition by {{ cell | join(', ') }}) as n_rest,
        row_number() over (
            partition by {{ cell | join(', ') }}, is_rest
            order by n_nps, segment, size_band
        ) as size_rank
    from of_all_segments
),

rest_placed as (
    select
        *,
        is_rest or (size_rank = 1 and n_rest < {{ enough }}) as is_merged
    from ranked
),

merged as (
    select
        {{ cell | join(', ') }},
        case when is_merged then '' else segment end as segment,
        case when is_merged then '' else size_band end as size_band,
        sum(n_delivered) as n_delivered,
        sum(n_nps) as n_nps,
        {{ exact_sum('points_sum') }} as points_sum
    from rest_placed
    group by
        {{ cell | join(', ') }},
        case when is_merged then '' else segment end,
        case when is_merged then '' else size_band end
),

weighed as (
    select
        merged.*,
        (merged.n_delivered * 1e0 / counts.n_delivered) / (merged.n_nps * 1e0 / counts.n_nps) as weight
    from merged
    inner join counts
        on
            merged.month_start = counts.month_start
            and merged.survey_id = counts.survey_id
            and merged.dimension = counts.dimension
            and merged.dimension_value = counts.dimension_value
    where merged.n_nps > 0
),

in_order as (
    select
        *,
        row_number() over (partition by {{ cell | join(', ') }} order by weight, segment, size_band) as weight_rank,
        count(*) over (partition by {{ cell | join(', ') }}) as n_strata
    from weighed
),

-- The middle weight, or the mean of the two in the middle.
medians as (
    select
        *,
        avg(case when 2 * weight_rank between n_strata and n_strata + 2 then weight end) over (
            partition by {{ cell | join(', ') }}
        ) as median_weight
    from in_order
),

trimmed as (
    select
        *,
        least(weight, {{ var('maximum_weight_in_medians') }} * median_weight) as trimmed_weight
    from medians
),

weighted as (
    select
        {{ cell | join(', ') }},
        {{ exact_sum('trimmed_weight * points_sum') }} as weighted_points,
        {{ exact_sum('trimmed_weight * n_nps') }} as weight_sum,
        {{ exact_sum('trimmed_weight * trimmed_weight * n_nps') }} as weight_sq_sum
    from trimmed
    group by {{ cell | join(', ') }}
),

joined as (
    select
        counts.*,
        surveys.program_type,
        counts.n_scored * 1e0 / nullif(counts.n_delivered, 0) as response_rate,
        counts.points_sum / nullif(counts.n_nps, 0) as nps_raw,
        weighted.weighted_points / weighted.weight_sum as nps_weighted,
        weighted.weight_sum * weighted.weight_sum / weighted.weight_sq_sum as effective_n,
        accounts.n_accounts_invited,
        accounts.n_accounts_scored,
        accounts.revenue_invited,
        accounts.revenue_scored
    from counts
    inner join surveys
        on counts.survey_id = surveys.survey_id
    left join weighted
        on
            counts.month_start = weighted.month_start
            and counts.survey_id = weighted.survey_id
            and counts.dimension = weighted.dimension
            and counts.dimension_value = weighted.dimension_value
    left join accounts
        on
            counts.month_start = accounts.month_start
            and counts.survey_id = accounts.survey_id
            and counts.dimension = accounts.dimension
            and counts.dimension_value = accounts.dimension_value
),

final as (
    select
        month_start,
        survey_id,
        program_type,
        dimension,
        dimension_value,
        '{{ var("reporting_currency") }}' as currency,
        {{ as_count('n_invited') }} as n_invited,
        {{ as_count('n_delivered') }} as n_delivered,
        {{ as_count('n_opened') }} as n_opened,
        {{ as_count('n_answered') }} as n_answered,
        {{ as_count('n_scored') }} as n_scored,
        {{ as_count('n_cooldown_breaches') }} as n_cooldown_breaches,
        response_rate,
        nps_raw,
        nps_weighted,
        effective_n,
        response_rate * nps_raw - 100 * (1 - response_rate) as nps_bound_low,
        response_rate * nps_raw + 100 * (1 - response_rate) as nps_bound_high,
        n_accounts_invited,
        n_accounts_scored,
        n_accounts_scored * 1e0 / n_accounts_invited as share_accounts_scored,
        revenue_invited,
        revenue_scored,
        case
            when revenue_invited > 0
                then cast(revenue_scored as {{ float_type() }}) / cast(revenue_invited as {{ float_type() }})
        end as revenue_share_scored,
        n_nps >= {{ var('reportable_scored_answers') }} as is_reportable,
        case
            when n_nps = 0 then 'no_answers'
            when n_nps < {{ var('minimum_scored_answers') }} then 'suppressed'
            when n_nps < {{ var('reportable_scored_answers') }} then 'low_sample'
        end as suppression_reason
    from joined
)

select * from final
