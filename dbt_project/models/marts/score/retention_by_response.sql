{% set cell = ['horizon_months', 'response_status'] %}

{{ config(meta={'dated': 'as_of_date'}) }}

with

account_periods as (
    select * from {{ ref('fct_account_periods') }}
),

observed as (
    {% for months in var('revenue_horizons_months') %}
    {% if not loop.first %}
    union all
    {% endif %}
    select
        account_id,
        as_of_date,
        {{ months }} as horizon_months,
        case
            when nps_group = 'no_response' then 'silent'
            when nps_group = 'not_invited' then 'not_invited'
            else 'answered'
        end as response_status,
        base_revenue_{{ months }}m as base_revenue,
        next_revenue_{{ months }}m as next_revenue
    from account_periods
    where
        is_base_complete_{{ months }}m
        and is_outcome_complete_{{ months }}m
        and base_revenue_{{ months }}m > 0
    {% endfor %}
),

-- An account counts once in a status, with all the quarter ends at which it had it.
accounts as (
    select
        {{ cell | join(', ') }},
        account_id,
        sum(next_revenue) as numerator,
        sum(base_revenue) as denominator,
        count(*) as n_observations,
        count(case when next_revenue > 0 then 1 end) as n_retained,
        1 as n_clusters
    from observed
    group by {{ cell | join(', ') }}, account_id
),

counts as (
    select
        {{ cell | join(', ') }},
        count(*) as n_accounts,
        sum(n_observations) as n_observations,
        sum(n_retained) as n_retained,
        sum(denominator) as base_revenue,
        sum(numerator) as next_revenue
    from accounts
    group by {{ cell | join(', ') }}
),

-- Beside those who answered; an account that answered once and kept silent once is on both sides of its own influence.
parts as (
    select
        accounts.horizon_months,
        counts.response_status,
        accounts.account_id,
        accounts.response_status as part,
        case when accounts.response_status = 'answered' then 1 else -1 end as coefficient,
        accounts.numerator,
        accounts.denominator,
        accounts.n_clusters
    from accounts
    inner join counts
        on
            accounts.horizon_months = counts.horizon_months
            and (accounts.response_status = 'answered' or accounts.response_status = counts.response_status)
    where counts.response_status <> 'answered'
),

ratios as (
    select * from {{ jackknife_ratio('accounts', cell, crv1=false, heavy_tailed=true) }} as by_account
),

gaps as (
    select *
    from {{ jackknife_ratio('parts', cell, part='part', cluster='account_id', crv1=false) }} as by_account
),

judged as (
    select
        counts.*,
        ratios.estimate,
        ratios.effective_clusters,
        {{ t_quantile('ratios.degrees_of_freedom') }} * ratios.std_error as margin,
        gaps.estimate as gap,
        {{ t_quantile('gaps.degrees_of_freedom') }} * gaps.std_error as gap_margin,
        answering.n_accounts as n_answering,
        case
            when counts.n_accounts < {{ var('minimum_scored_answers') }} then 'suppressed'
            when ratios.std_error is null then 'one_account'
            when counts.n_accounts < {{ var('minimum_compared_accounts') }} then 'low_sample'
        end as suppression_reason
    from counts
    inner join ratios
        on
            counts.horizon_months = ratios.horizon_months
            and counts.response_status = ratios.response_status
    left join gaps
        on
            counts.horizon_months = gaps.horizon_months
            and counts.response_status = gaps.response_status
    left join counts as answering
        on
            counts.horizon_months = answering.horizon_months
            and answering.response_status = 'answered'
),

sure as (
    select
        *,
        coalesce(suppression_reason, '') not in ('suppressed', 'one_account') as has_interval,
        coalesce(suppression_reason, '') not in ('suppressed', 'one_account')
        and n_answering >= {{ var('minimum_scored_answers') }} as has_gap
    from judged
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        horizon_months,
        response_status,
        '{{ var("reporting_currency") }}' as currency,
        {{ as_count('n_accounts') }} as n_accounts,
        {{ as_count('n_observations') }} as n_observations,
        effective_clusters as effective_n,
        cast(base_revenue as {{ money_type() }}) as base_revenue,
        cast(next_revenue as {{ money_type() }}) as next_revenue,
        n_retained * 1e0 / n_observations as logo_retention,
        estimate as net_revenue_retention,
        case when has_interval then estimate - margin end as ci_low,
        case when has_interval then estimate + margin end as ci_high,
        case when has_gap then gap end as answered_less_this,
        case when has_gap then gap - gap_margin end as answered_less_this_ci_low,
        case when has_gap then gap + gap_margin end as answered_less_this_ci_high,
        suppression_reason is null as is_reportable,
        suppression_reason
    from sure
)

select * from final
