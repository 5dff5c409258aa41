with

claims as (
    select * from {{ ref('claims') }}
),

point_values as (
    select * from {{ ref('nps_point_value') }}
    where
        dimension = 'all'
        and path = 'all_accounts'
        and horizon_months = 12
),

uplifts as (
    select * from {{ ref('closed_loop_uplift') }}
    where exposure = 'attempted'
),

-- The last cohort of new customers of whom enough answered.
onboarded as (
    select * from {{ ref('onboarding_outcomes') }}
    where nps_day_60_ci_low is not null
    order by cohort_start desc
    limit 1
),

channels as (
    select * from {{ ref('int_service_channels_scored') }}
    where n_scored >= {{ var('reportable_scored_answers') }}
),

slopes as (
    select
        case method
            when 'within_account' then 'growth_per_point_within'
            when 'adjusted_association' then 'growth_per_point_between'
        end as measure,
        slope_per_point as own_estimate,
        slope_ci_low as ci_low,
        slope_ci_high as ci_high,
        n_accounts as n_behind,
        evidence_grade
    from point_values
    where method in ('within_account', 'adjusted_association')
),

point_money as (
    select
        'value_per_point' as measure,
        value_per_point as own_estimate,
        ci_low,
        ci_high,
        n_accounts as n_behind,
        evidence_grade
    from point_values
    where method = 'within_account'
),

calling as (
    select
        'retention_uplift_of_calling' as measure,
        uplift as own_estimate,
        ci_low,
        ci_high,
        n_fewest_accounts as n_behind,
        evidence_grade
    from uplifts
    union all
    select
        'churn_avoided_by_calling' as measure,
        churn_avoided as own_estimate,
        churn_avoided_ci_low as ci_low,
        churn_avoided_ci_high as ci_high,
        n_fewest_accounts as n_behind,
        evidence_grade
    from uplifts
    union all
    select
        'revenue_per_follow_up_hour' as measure,
        revenue_per_hour as own_estimate,
        revenue_per_hour_ci_low as ci_low,
        revenue_per_hour_ci_high as ci_high,
        n_fewest_accounts as n_behind,
        case when revenue_per_hour is null then 'R' else evidence_grade end as evidence_grade
    from uplifts
),

onboarding as (
    select
        'nps_after_onboarding' as measure,
        nps_day_60 as own_estimate,
        nps_day_60_ci_low as ci_low,
        nps_day_60_ci_high as ci_high,
        n_answers_day_60 as n_behind,
        'D' as evidence_grade
    from onboarded
),

-- From the two standard errors: an account that used both channels makes the interval wider than it need be.
channel_differences as (
    select
        'nps_' || higher.service_channel || '_less_' || lower_one.service_channel as measure,
        higher.nps - lower_one.nps as own_estimate,
        sqrt(higher.std_error * higher.std_error + lower_one.std_error * lower_one.std_error)
        * {{ t_quantile('least(higher.degrees_of_freedom, lower_one.degrees_of_freedom)') }} as margin_of_error,
        least(higher.n_scored, lower_one.n_scored) as n_behind
    from channels as higher
    inner join channels as lower_one
        on higher.service_channel <> lower_one.service_channel
),

estimates as (
    select * from slopes
    union all
    select * from point_money
    union all
    select * from calling
    union all
    select * from onboarding
    union all
    select
        measure,
        own_estimate,
        own_estimate - margin_of_error as ci_low,
        own_estimate + margin_of_error as ci_high,
        n_behind,
        'D' as evidence_grade
    from channel_differences
),

joined as (
    select
        claims.*,
        estimates.own_estimate,
        estimates.ci_low,
        estimates.ci_high,
        estimates.n_behind,
        estimates.evidence_grade,
        -- That a point has a value that can be proven is more than that it goes with one.
        case
            when claims.measure = 'value_per_point' then estimates.evidence_grade in ('A', 'B')
            else estimates.evidence_grade in ('A', 'B', 'C')
        end as is_graded_well_enough
    from claims
    left join estimates
        on claims.measure = estimates.measure
),

-- The first that applies; docs/methods.md has the rule in words.
judged as (
    select
        *,
        case
            when measure is null then 'not_measured'
            when own_estimate is null or ci_low is null or ci_high is null then 'not_enough_data'
            when ci_high < 0 then 'contradicted'
            when claimed_value < ci_low or claimed_value > ci_high then 'contradicted'
            when
                ci_low > 0
                and n_behind >= {{ var('reportable_scored_answers') }}
                and coalesce(ci_high - ci_low <= abs(claimed_value), true)
                and is_graded_well_enough
                then 'supported'
            else 'compatible'
        end as verdict
    from joined
),

final as (
    select
        claim,
        entity,
        source,
        source_figures,
        cast(year as {{ dbt.type_int() }}) as year,
        statistic,
        unit,
        '{{ var("reporting_currency") }}' as currency,
        comparability,
        measure,
        verdict,
        evidence_grade,
        case
            when verdict in ('not_measured', 'not_enough_data') then verdict
        end as suppression_reason,
        cast(claimed_value as {{ float_type() }}) as claimed_value,
        cast(case when verdict <> 'not_enough_data' then own_estimate end as {{ float_type() }}) as own_estimate,
        cast(case when verdict <> 'not_enough_data' then ci_low end as {{ float_type() }}) as ci_low,
        cast(case when verdict <> 'not_enough_data' then ci_high end as {{ float_type() }}) as ci_high,
        verdict not in ('not_measured', 'not_enough_data') as is_reportable
    from judged
)

select * from final
