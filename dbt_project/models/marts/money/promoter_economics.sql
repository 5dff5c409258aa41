{% set measures = [
    'annual_revenue', 'annual_margin', 'retention', 'lifetime_value', 'referral_value', 'total_worth'
] %}

{{ config(meta={'dated': 'as_of_date'}) }}

with

-- Years that are over: revenue before a quarter end; who still paid, and what referrals brought, in the year after.
account_periods as (
    select * from {{ ref('fct_account_periods') }}
    where
        is_base_complete_12m
        and is_outcome_complete_12m
        and base_revenue_12m > 0
        and account_points is not null
),

referrals as (
    select * from {{ ref('int_account_referrals_earned') }}
),

years as (
    select
        account_periods.account_id,
        account_periods.nps_group,
        cast(account_periods.base_revenue_12m as {{ float_type() }}) as revenue,
        cast(account_periods.base_profit_12m as {{ float_type() }}) as margin,
        cast(coalesce(referrals.referral_profit, 0) as {{ float_type() }}) as referral_margin,
        case when account_periods.next_revenue_12m > 0 then 1e0 else 0e0 end as retained
    from account_periods
    left join referrals
        on
            account_periods.account_id = referrals.account_id
            and account_periods.as_of_date = referrals.as_of_date
),

accounts as (
    select
        account_id,
        nps_group,
        count(*) as n_years,
        {{ exact_sum('revenue') }} as revenue,
        {{ exact_sum('margin') }} as margin,
        {{ exact_sum('referral_margin') }} as referral_margin,
        {{ exact_sum('retained') }} as retained
    from years
    group by account_id, nps_group
),

group_means as (
    select
        nps_group,
        count(*) as n_accounts,
        {{ exact_sum('revenue') }} / sum(n_years) as revenue,
        {{ exact_sum('margin') }} / sum(n_years) as margin,
        {{ exact_sum('referral_margin') }} / sum(n_years) as referral_margin,
        {{ exact_sum('retained') }} / sum(n_years) as retention
    from accounts
    group by nps_group
),

valued as (
    select
        *,
        {{ annuity('retention') }} as n_years_worth,
        {{ annuity('retention', slope=true) }} as n_years_per_retention
    from group_means
),

-- Each measure is a sum of ratios over accounts with a coefficient, to first order.
parts as (
    {% for measure, part, coefficient, numerator in [
        ('annual_revenue', 'money', '1e0', 'accounts.revenue'),
        ('annual_margin', 'money', '1e0', 'accounts.margin'),
        ('retention', 'retention', '1e0', 'accounts.retained'),
        ('lifetime_value', 'money', 'valued.n_years_worth', 'accounts.margin'),
        ('lifetime_value', 'retention', 'valued.margin * valued.n_years_per_retention', 'accounts.retained'),
        ('referral_value', 'money', 'valued.n_years_worth', 'accounts.referral_margin'),
        ('referral_value', 'retention', 'valued.referral_margin * valued.n_years_per_retention', 'accounts.retained'),
        ('total_worth', 'money', 'valued.n_years_worth', 'accounts.margin + accounts.referral_margin'),
        (
            'total_worth', 'retention',
            '(valued.margin + valued.referral_margin) * valued.n_years_per_retention', 'accounts.retained'
        ),
    ] %}
    select
        accounts.nps_group,
        '{{ measure }}' as measure,
        '{{ part }}' as part,
        accounts.account_id,
        {{ coefficient }} as coefficient,
        {{ numerator }} as numerator,
        accounts.n_years * 1e0 as denominator,
        1 as n_clusters
    from accounts
    inner join valued
        on accounts.nps_group = valued.nps_group
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

ratios as (
    select
        *,
        {{ t_quantile('degrees_of_freedom') }} * std_error as margin
    from {{ jackknife_ratio(
        'parts', ['nps_group', 'measure'], part='part', cluster='account_id', crv1=false
    ) }} as by_account
),

margins as (
    select
        nps_group,
        {% for measure in measures %}
        max(case when measure = '{{ measure }}' then margin end) as {{ measure }}_margin,
        {% endfor %}
        max(case when measure = 'annual_margin' then effective_clusters end) as effective_clusters
    from ratios
    group by nps_group
),

worths as (
    select
        {% for measure in measures %}
        case when valued.n_accounts >= {{ var('minimum_scored_answers') }} then margins.{{ measure }}_margin end
            as {{ measure }}_margin,
        {% endfor %}
        valued.nps_group,
        valued.n_accounts,
        valued.revenue as annual_revenue,
        valued.margin as annual_margin,
        valued.retention,
        valued.margin * valued.n_years_worth as lifetime_value,
        valued.margin * {{ 1 + var('discount_rate') }}e0 / ({{ 1 + var('discount_rate') }}e0 - valued.retention)
            as lifetime_value_uncapped,
        valued.referral_margin * valued.n_years_worth as referral_value,
        (valued.margin + valued.referral_margin) * valued.n_years_worth as total_worth,
        margins.effective_clusters
    from valued
    inner join margins
        on valued.nps_group = margins.nps_group
),

money as (
    select is_withheld from {{ ref('int_money_withheld') }}
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        nps_group,
        '{{ var("reporting_currency") }}' as currency,
        {{ as_count('n_accounts') }} as n_accounts,
        effective_clusters as effective_n,
        {% for measure in measures[:5] %}
        case when not money.is_withheld then {{ measure }} end as {{ measure }},
        case when not money.is_withheld then {{ measure }} - {{ measure }}_margin end as {{ measure }}_ci_low,
        case when not money.is_withheld then {{ measure }} + {{ measure }}_margin end as {{ measure }}_ci_high,
        {% endfor %}
        case when not money.is_withheld then lifetime_value_uncapped end as lifetime_value_uncapped,
        case when not money.is_withheld then total_worth end as total_worth,
        case when not money.is_withheld then total_worth - total_worth_margin end as ci_low,
        case when not money.is_withheld then total_worth + total_worth_margin end as ci_high,
        n_accounts >= {{ var('minimum_compared_accounts') }} and total_worth_margin is not null and not money.is_withheld
            as is_reportable,
        case
            when money.is_withheld then 'revenue_withheld'
            when n_accounts < {{ var('minimum_scored_answers') }} then 'suppressed'
            when total_worth_margin is null then 'one_account'
            when n_accounts < {{ var('minimum_compared_accounts') }} then 'low_sample'
        end as suppression_reason
    from worths
    cross join money
)

select * from final
