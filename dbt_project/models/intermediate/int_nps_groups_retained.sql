with

account_periods as (
    select
        account_id,
        nps_group,
        base_revenue_12m,
        next_revenue_12m
    from {{ ref('fct_account_periods') }}
    where
        is_base_complete_12m
        and is_outcome_complete_12m
        and base_revenue_12m > 0
),

-- An account counts once, with all the quarter ends at which it was in the group.
accounts as (
    select
        nps_group,
        account_id,
        sum(next_revenue_12m) as numerator,
        sum(base_revenue_12m) as denominator,
        1 as n_clusters
    from account_periods
    group by nps_group, account_id
),

sizes as (
    select
        nps_group,
        max(denominator) as largest_base_revenue
    from accounts
    group by nps_group
),

money as (
    select is_withheld from {{ ref('int_money_withheld') }}
),

estimated as (
    select
        retentions.*,
        money.is_withheld,
        cast(sizes.largest_base_revenue as {{ float_type() }}) / retentions.denominator_total as top_account_share,
        {{ t_quantile('retentions.degrees_of_freedom') }} * retentions.std_error as margin_of_error
    from {{ jackknife_ratio('accounts', ['nps_group'], heavy_tailed=true) }} as retentions
    inner join sizes
        on retentions.nps_group = sizes.nps_group
    cross join money
),

judged as (
    select
        *,
        case
            when is_withheld then 'revenue_withheld'
            when n_clusters < {{ var('minimum_compared_accounts') }} then 'too_few_accounts'
            when top_account_share > {{ var('maximum_top_account_share') }} then 'top_account_too_large'
            when effective_clusters < {{ var('minimum_effective_accounts') }} then 'too_few_effective_accounts'
        end as suppression_reason
    from estimated
),

final as (
    select
        nps_group,
        suppression_reason,
        {{ as_count('n_clusters') }} as n_accounts,
        effective_clusters as effective_accounts,
        top_account_share,
        case when suppression_reason is null then estimate end as net_revenue_retention,
        case when suppression_reason is null then estimate - margin_of_error end as ci_low,
        case when suppression_reason is null then estimate + margin_of_error end as ci_high
    from judged
)

select * from final
