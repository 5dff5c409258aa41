with

uplifts as (
    select * from {{ ref('int_follow_up_uplifts_estimated') }}
),

trials as (
    select * from {{ ref('int_landmark_trials_observed') }}
    where is_revenue_complete
),

treated as (
    {% for exposure in ['attempted', 'reached'] %}
    select
        *,
        '{{ exposure }}' as exposure
    from trials
    where is_{{ exposure }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

stacked as (
    {{ stacked_by_dimension(
        'treated',
        ['exposure', 'account_id', 'base_revenue', 'hours_spent', 'landmark_month'],
        var('follow_up_dimensions')
    ) }}
),

-- However often an account was called in a year, its revenue was at stake once.
account_years as (
    select
        dimension,
        dimension_value,
        exposure,
        account_id,
        extract(year from landmark_month) as landmark_year,
        max(base_revenue) as base_revenue,
        {{ exact_sum('coalesce(hours_spent, 0)') }} as hours_spent
    from stacked
    group by dimension, dimension_value, exposure, account_id, extract(year from landmark_month)
),

stakes as (
    select
        dimension,
        dimension_value,
        exposure,
        {{ exact_sum('cast(base_revenue as ' ~ float_type() ~ ')') }} as revenue_at_stake,
        {{ exact_sum('hours_spent') }} as hours_spent
    from account_years
    group by dimension, dimension_value, exposure
),

sure as (
    select
        retention.dimension,
        retention.dimension_value,
        retention.exposure,
        retention.n_treated,
        retention.n_control,
        retention.n_fewest_accounts,
        retention.effective_accounts,
        retention.top_account_share,
        retention.compared_share,
        retention.level_treated,
        retention.level_control,
        retention.gap,
        retention.suppression_reason,
        {{ t_quantile('retention.degrees_of_freedom') }} * retention.std_error as margin,
        1 - retention.level_control as churn_control,
        (1 - retention.level_treated) / nullif(1 - retention.level_control, 0) as churn_ratio,
        -- Of a ratio of two shares that move together: their covariance follows from the error of their gap.
        retention.std_error_treated * retention.std_error_treated as variance_treated,
        retention.std_error_control * retention.std_error_control as variance_control,
        (
            retention.std_error_treated * retention.std_error_treated
            + retention.std_error_control * retention.std_error_control
            - retention.std_error * retention.std_error
        ) / 2 as covariance,
        {{ t_quantile('retention.degrees_of_freedom') }} as quantile,
        revenue.gap as revenue_gap,
        {{ t_quantile('revenue.degrees_of_freedom') }} * revenue.std_error as revenue_margin,
        stakes.revenue_at_stake,
        stakes.hours_spent,
        stakes.revenue_at_stake / nullif(stakes.hours_spent, 0) as stake_per_hour,
        case
            when revenue.suppression_reason is not null then revenue.suppression_reason
            when coalesce(stakes.hours_spent, 0) = 0 then 'no_hours'
        end as revenue_suppression_reason
    from uplifts as retention
    inner join uplifts as revenue
        on
            retention.dimension = revenue.dimension
            and retention.dimension_value = revenue.dimension_value
            and retention.exposure = revenue.exposure
            and revenue.outcome = 'revenue'
    left join stakes
        on
            retention.dimension = stakes.dimension
            and retention.dimension_value = stakes.dimension_value
            and retention.exposure = stakes.exposure
    where retention.outcome = 'retention'
),

ratioed as (
    select
        *,
        quantile * sqrt(greatest(
            variance_treated - 2 * churn_ratio * covariance + churn_ratio * churn_ratio * variance_control, 0e0
        )) / nullif(churn_control, 0) as churn_margin
    from sure
),

final as (
    select
        dimension,
        dimension_value,
        exposure,
        n_treated,
        n_control,
        n_fewest_accounts,
        effective_accounts,
        top_account_share,
        compared_share,
        case when suppression_reason is null then level_treated end as retention_treated,
        case when suppression_reason is null then level_control end as retention_control,
        case when suppression_reason is null then gap end as uplift,
        case when suppression_reason is null then gap - margin end as ci_low,
        case when suppression_reason is null then gap + margin end as ci_high,
        case when suppression_reason is null then 1 - churn_ratio end as churn_avoided,
        case when suppression_reason is null then 1 - churn_ratio - churn_margin end as churn_avoided_ci_low,
        case when suppression_reason is null then 1 - churn_ratio + churn_margin end as churn_avoided_ci_high,
        revenue_at_stake,
        hours_spent,
        case when revenue_suppression_reason is null then revenue_gap * stake_per_hour end as revenue_per_hour,
        case when revenue_suppression_reason is null then (revenue_gap - revenue_margin) * stake_per_hour end
            as revenue_per_hour_ci_low,
        case when revenue_suppression_reason is null then (revenue_gap + revenue_margin) * stake_per_hour end
            as revenue_per_hour_ci_high,
        suppression_reason,
        revenue_suppression_reason
    from ratioed
)

select * from final
