-- The values of a dimension are all there and do not overlap, also those that nobody thought of, and people are told
-- apart before slices are cut: by the rules that average answers, slices add up to the total.
with

cells as (
    select * from {{ ref('nps_by_month') }}
    where nps_rule in ('all_responses', 'contact_latest')
),

slices as (
    select
        month_start,
        program_type,
        nps_rule,
        dimension,
        sum(n_responses) as n_responses,
        sum(n_unscored) as n_unscored,
        sum(n_excluded) as n_excluded,
        sum(n_scored) as n_scored,
        sum(n_promoters) as n_promoters,
        sum(n_detractors) as n_detractors,
        sum(points_sum) as points_sum
    from cells
    where dimension <> 'all'
    group by month_start, program_type, nps_rule, dimension
),

totals as (
    select * from cells
    where dimension = 'all'
),

final as (
    select
        slices.month_start,
        slices.program_type,
        slices.nps_rule,
        slices.dimension,
        slices.n_scored as n_scored_in_slices,
        totals.n_scored,
        slices.points_sum as points_sum_in_slices,
        totals.points_sum
    from slices
    left join totals
        on
            slices.month_start = totals.month_start
            and slices.program_type = totals.program_type
            and slices.nps_rule = totals.nps_rule
    where
        totals.n_scored is null
        or slices.n_responses <> totals.n_responses
        or slices.n_unscored <> totals.n_unscored
        or slices.n_excluded <> totals.n_excluded
        or slices.n_scored <> totals.n_scored
        or slices.n_promoters <> totals.n_promoters
        or slices.n_detractors <> totals.n_detractors
        or slices.points_sum <> totals.points_sum
)

select * from final
