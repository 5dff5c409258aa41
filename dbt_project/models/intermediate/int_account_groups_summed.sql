with

outcomes as (
    select * from {{ ref('int_account_outcomes_observed') }}
    where
        is_usable
        and account_points is not null
),

summed as (
    select
        {{ grouped_cell_number() }} as cell_number,
        horizon_months,
        stratum_number,
        nps_group,
        account_number,
        count(*) as n_observations,
        count(case when next_revenue > 0 then 1 end) as n_retained,
        {{ exact_sum('base_revenue') }} as base_revenue,
        {{ exact_sum('next_revenue') }} as next_revenue,
        {{ exact_sum('base_profit_12m') }} as base_profit_12m
    from outcomes
    group by {{ grouped_by_cell(['horizon_months', 'stratum_number', 'nps_group', 'account_number']) }}
),

final as (
    select * from summed
    where cell_number is not null
)

select * from final
