{{ config(meta={'recompute': {
    'unit': 'month_start',
    'follow': {'int_nps_answers_ranked': months_recounted()},
    'days': rows_of_months('month_start', ['int_nps_answers_ranked', 'this']),
}}) }}

with

answers as (
    select * from {{ ref('int_nps_answers_ranked') }}
    where
        not is_alone_in_month
        and {{ in_slices('cluster_number', 8) }}
        {{ touched('month_start') }}
),

flagged as (
    select
        *,
        case when n_latest = 1 and is_linked then waterfall_rank end as linked_rank
    from answers
),

stacked as (
    {{ numbered_by_dimension(
        'flagged',
        [
            'month_start', 'cluster_number', 'is_linked', 'nps_points', 'is_promoter', 'is_detractor', 'n_latest',
            'linked_rank', 'trailing_revenue_12m',
        ],
    ) }}
),

-- Whole numbers of an account's month: sums would be 128 bits wide, which are slow to read.
final as (
    select
        cell_number,
        cluster_number,
        {{ value_at_least('nps_points', 'linked_rank') }} as waterfall_points,
        max(trailing_revenue_12m) as trailing_revenue_12m,
        {{ as_count('count(*)') }} as n_answers,
        {{ as_count('sum(n_latest)') }} as n_latest,
        {{ as_count('sum(nps_points)') }} as points_sum,
        {{ as_count('sum(nps_points * n_latest)') }} as latest_points_sum,
        {{ as_count('sum(nps_points * nps_points)') }} as points_sq_sum,
        {{ as_count('sum(nps_points * nps_points * n_latest)') }} as latest_points_sq_sum,
        {{ as_count('sum(is_promoter)') }} as n_promoters,
        {{ as_count('sum(is_promoter * n_latest)') }} as n_latest_promoters,
        {{ as_count('sum(is_detractor)') }} as n_detractors,
        {{ as_count('sum(is_detractor * n_latest)') }} as n_latest_detractors,
        {{ as_count('sum(case when is_linked then n_latest else 0 end)') }} as n_linked,
        {{ as_count('sum(case when is_linked then nps_points * n_latest else 0 end)') }} as linked_points_sum,
        month_start
    from stacked
    group by cell_number, month_start, cluster_number
)

select * from final
