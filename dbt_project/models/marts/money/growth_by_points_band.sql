{% set horizons = var('revenue_horizons_months') %}

{{ config(meta={'dated': 'as_of_date'}) }}

with

account_periods as (
    select * from {{ ref('fct_account_periods') }}
    where account_points is not null
),

outcomes as (
    {% for months in horizons %}
    select
        account_id,
        account_points,
        {{ months }} as horizon_months,
        base_revenue_{{ months }}m as base_revenue,
        next_revenue_{{ months }}m as next_revenue
    from account_periods
    where
        is_base_complete_{{ months }}m
        and is_outcome_complete_{{ months }}m
        and base_revenue_{{ months }}m > 0
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Points are a mean over people: all detractors, more of them, level, more promoters, all promoters.
banded as (
    select
        *,
        case
            when account_points <= -100 then 1
            when account_points < 0 then 2
            when account_points = 0 then 3
            when account_points < 100 then 4
            else 5
        end as points_band
    from outcomes
),

accounts as (
    select
        horizon_months,
        points_band,
        account_id,
        sum(next_revenue) as numerator,
        sum(base_revenue) as denominator,
        1 as n_clusters
    from banded
    group by horizon_months, points_band, account_id
),

ratios as (
    select
        *,
        {{ t_quantile('degrees_of_freedom') }} * std_error as margin
    from {{ jackknife_ratio('accounts', ['horizon_months', 'points_band'], heavy_tailed=true) }} as by_account
),

money as (
    select is_withheld from {{ ref('int_money_withheld') }}
),

judged as (
    select
        ratios.*,
        money.is_withheld
    from ratios
    cross join money
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        horizon_months,
        points_band,
        '{{ var("reporting_currency") }}' as currency,
        case
            when is_withheld then 'revenue_withheld'
            when n_clusters < {{ var('minimum_scored_answers') }} then 'suppressed'
            when margin is null then 'one_account'
            when n_clusters < {{ var('minimum_compared_accounts') }} then 'low_sample'
        end as suppression_reason,
        {{ as_count('n_clusters') }} as n_accounts,
        cast(denominator_total as {{ money_type() }}) as base_revenue,
        case when not is_withheld then estimate end as net_revenue_retention,
        case when n_clusters >= {{ var('minimum_scored_answers') }} and not is_withheld then estimate - margin end
            as ci_low,
        case when n_clusters >= {{ var('minimum_scored_answers') }} and not is_withheld then estimate + margin end
            as ci_high,
        n_clusters >= {{ var('minimum_compared_accounts') }} and margin is not null and not is_withheld as is_reportable
    from judged
)

select * from final
