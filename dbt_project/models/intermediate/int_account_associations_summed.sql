{% set dimensions = ['all'] + var('account_dimensions') %}

with

outcomes as {{ not_materialized() }}(
    select * from {{ ref('int_account_outcomes_observed') }}
    where
        is_usable
        and account_points is not null
),

-- Peers: accounts of one segment and size at one quarter end.
peers_summed as (
    select
        {{ grouped_cell_number() }} as cell_number,
        horizon_months,
        period_number,
        stratum_number,
        {{ exact_sum('base_revenue', is_small=true) }} as weight,
        {{ exact_sum('base_revenue * account_points', is_small=true) }} as points,
        {{ exact_sum('base_revenue * growth', is_small=true) }} as growth
    from outcomes
    group by {{ grouped_by_cell(['horizon_months', 'period_number', 'stratum_number']) }}
),

peers as (
    select
        cell_number,
        horizon_months,
        period_number,
        stratum_number,
        weight,
        points / weight as points,
        growth / weight as growth
    from peers_summed
),

deviations as (
    {% for dimension in dimensions %}
    select
        peers.cell_number,
        outcomes.horizon_months,
        outcomes.account_number,
        outcomes.base_revenue as weight,
        outcomes.base_revenue / peers.weight as peer_share,
        outcomes.account_points - peers.points as points,
        outcomes.growth - peers.growth as growth,
        outcomes.n_contacts_answered
    from outcomes
    inner join peers
        on
            outcomes.{{ dimension }}_cell = peers.cell_number
            and outcomes.horizon_months = peers.horizon_months
            and outcomes.period_number = peers.period_number
            and outcomes.stratum_number = peers.stratum_number
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

summed as (
    select
        cell_number,
        horizon_months,
        account_number,
        max(abs(points)) as largest_difference,
        {{ exact_sum('weight * points * growth', is_small=true) }} as points_growth,
        {{ exact_sum('weight * points * points', is_small=true) }} as points_points,
        {{ exact_sum('weight * points * points * peer_share', is_small=true) }} as weighted_peer_share,
        {{ exact_sum('weight / n_contacts_answered', is_small=true) }} as noise_weight
    from deviations
    group by cell_number, horizon_months, account_number
),

-- An account that always has the points of its peers, or no peers, says nothing.
final as (
    select
        cell_number,
        horizon_months,
        account_number,
        points_growth,
        points_points,
        noise_weight,
        weighted_peer_share / points_points as leverage
    from summed
    where largest_difference > 1e-6
)

select * from final
