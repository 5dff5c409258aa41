with

estimates as (
    select * from {{ ref('int_follow_up_values_estimated') }}
    where dimension = 'all'
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        exposure,
        n_treated,
        n_control,
        n_fewest_accounts,
        effective_accounts,
        top_account_share,
        compared_share,
        retention_treated,
        retention_control,
        uplift,
        ci_low,
        ci_high,
        case when suppression_reason is null then 'account_jackknife' end as ci_method,
        churn_avoided,
        churn_avoided_ci_low,
        churn_avoided_ci_high,
        '{{ var("reporting_currency") }}' as currency,
        hours_spent,
        revenue_at_stake,
        revenue_per_hour,
        revenue_per_hour_ci_low,
        revenue_per_hour_ci_high,
        case when suppression_reason is null then 'C' else 'R' end as evidence_grade,
        suppression_reason is null as is_reportable,
        suppression_reason,
        revenue_suppression_reason,
        case suppression_reason
            when 'no_complete_window'
                then 'detractors of known accounts who answered over {{ var("uplift_days") }} days ago'
            when 'too_few_accounts'
                then '{{ var("minimum_compared_accounts") }} accounts in each group; the smaller has '
                    || cast(n_fewest_accounts as {{ dbt.type_string() }})
            when 'top_account_too_large' then 'detractors of more accounts: one account has too many of them'
            when 'too_few_effective_accounts' then 'detractors of more accounts: a few have most of them'
            when 'no_variation' then 'accounts that leave, with the day on which they left'
        end as data_needed
    from estimates
)

select * from final
