-- The parts of a change are the whole of it, in every dimension; and the total, its interval's estimate and the month's
-- own table say the same, so that a change can be traced back to the scores on both sides.
with

effects as (
    select * from {{ ref('nps_change_decomposition') }}
),

estimates as (
    select * from {{ ref('int_nps_changes_estimated') }}
),

sums as (
    select
        comparison,
        program_type,
        dimension,
        period_to,
        max(change) as change,
        sum(rate_effect + mix_effect) as effects_sum,
        sum(weight_from) as weight_from,
        sum(weight_to) as weight_to
    from effects
    group by comparison, program_type, dimension, period_to
),

final as (
    select
        sums.*,
        estimates.estimate
    from sums
    left join estimates
        on
            sums.comparison = estimates.comparison
            and sums.program_type = estimates.program_type
            and sums.period_to = estimates.period_to
    where
        abs(sums.effects_sum - sums.change) > 1e-9
        or abs(sums.weight_from - 1) > 1e-9
        or abs(sums.weight_to - 1) > 1e-9
        or estimates.estimate is null
        or abs(estimates.estimate - sums.change) > 1e-9
)

select * from final
