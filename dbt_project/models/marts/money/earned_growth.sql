{# What is said of a year that is over hangs on all years before it: who came back, and who came for the first time. #}
{% set over = 'year < extract(year from ' ~ add_days("date '{as_of}'", 1) ~ ')' %}
{% set years_from = 'select distinct year from {dim_dates} where ' ~ over ~ ' and year >= ' %}

{{ config(meta={'recompute': {
    'unit': 'year',
    'follow': {
        'fct_account_revenue_months': years_from ~ '(select min(extract(year from month_start)) from {changes})',
        'dim_accounts': years_from ~ '(
            select min(extract(year from revenue_months.month_start))
            from {fct_account_revenue_months} as revenue_months
            inner join ' ~ changed_in(['account_id', 'acquisition_class']) ~ ' as changes
                on revenue_months.account_id = changes.account_id
        )',
        'dim_dates': 'select year from {changes} where ' ~ over,
        'as_of': 'select distinct year from {dim_dates} where
            year >= extract(year from ' ~ add_days("least(date '{before}', date '{now}')", 1) ~ ')
            and year < extract(year from ' ~ add_days("greatest(date '{before}', date '{now}')", 1) ~ ')',
    },
}}) }}

with

accounts as (
    select
        account_id,
        acquisition_class
    from {{ ref('dim_accounts') }}
),

revenue_months as (
    select
        account_id,
        month_start,
        revenue
    from {{ ref('fct_account_revenue_months') }}
    where revenue <> 0
),

ledger as (
    select min(month_start) as first_month from revenue_months
),

calendar as (
    select
        cast(extract(year from date_day) as {{ dbt.type_int() }}) as year,
        min(month_start) as first_month,
        max(date_day) as last_day
    from {{ ref('dim_dates') }}
    group by cast(extract(year from date_day) as {{ dbt.type_int() }})
),

-- A year that is over, after one that the ledger covers from its first month.
whole_years as (
    select calendar.year
    from calendar
    inner join ledger
        on ledger.first_month <= {{ add_months('calendar.first_month', -12) }}
    where
        calendar.last_day <= {{ as_of_date() }}
        and extract(month from calendar.last_day) = 12
        {{ touched('calendar.year') }}
),

account_years as (
    select
        account_id,
        cast(extract(year from month_start) as {{ dbt.type_int() }}) as year,
        sum(revenue) as revenue
    from revenue_months
    group by account_id, cast(extract(year from month_start) as {{ dbt.type_int() }})
),

first_years as (
    select
        account_id,
        min(year) as first_year
    from account_years
    group by account_id
),

base_years as (
    select
        account_id,
        year + 1 as year,
        revenue as base_revenue
    from account_years
),

-- One row per account with revenue in the year or in the year before.
compared as (
    select
        coalesce(account_years.account_id, base_years.account_id) as account_id,
        coalesce(account_years.year, base_years.year) as year,
        base_years.account_id is not null as is_retained,
        coalesce(account_years.revenue, 0) as revenue,
        coalesce(base_years.base_revenue, 0) as base_revenue
    from account_years
    full outer join base_years
        on
            account_years.account_id = base_years.account_id
            and account_years.year = base_years.year
),

-- A customer of the year before, one that came for the first time (and how), or one that came back after a year
-- without.
sorted_out as (
    select
        compared.*,
        case
            when compared.is_retained then 'retained'
            when first_years.first_year < compared.year then 'returned'
            else accounts.acquisition_class
        end as origin
    from compared
    inner join whole_years
        on compared.year = whole_years.year
    inner join accounts
        on compared.account_id = accounts.account_id
    inner join first_years
        on compared.account_id = first_years.account_id
),

summed as (
    select
        year,
        sum(base_revenue) as base_revenue,
        sum(revenue) as revenue,
        sum(case when origin = 'retained' then revenue else 0 end) as retained_revenue,
        sum(case when origin = 'returned' then revenue else 0 end) as returned_revenue,
        sum(case when origin = 'earned' then revenue else 0 end) as earned_new_revenue,
        sum(case when origin = 'bought' then revenue else 0 end) as bought_new_revenue,
        sum(case when origin = 'unknown' then revenue else 0 end) as unknown_new_revenue
    from sorted_out
    group by year
),

-- Both rates are ratios over accounts, so that their intervals are those of the accounts that could have been others.
-- A new customer has no base: without it the numerator alone is smaller.
clusters as (
    select
        year,
        'net_revenue_retention' as rate,
        revenue as numerator,
        base_revenue as denominator,
        1 as n_clusters
    from sorted_out
    where origin = 'retained'
    union all
    select
        year,
        'earned_growth_rate' as rate,
        revenue - base_revenue as numerator,
        base_revenue as denominator,
        1 as n_clusters
    from sorted_out
    where origin in ('retained', 'earned')
),

ratios as (
    select
        year,
        rate,
        n_clusters,
        effective_clusters,
        {{ t_quantile('degrees_of_freedom') }} * std_error as margin
    from {{ jackknife_ratio('clusters', ['year', 'rate'], heavy_tailed=true) }} as by_rate
),

margins as (
    select
        year,
        max(case when rate = 'net_revenue_retention' then n_clusters end) as n_accounts,
        max(case when rate = 'net_revenue_retention' then effective_clusters end) as effective_n,
        max(case when rate = 'net_revenue_retention' then margin end) as retention_margin,
        max(case when rate = 'earned_growth_rate' then margin end) as earned_growth_margin
    from ratios
    group by year
),

earned as (
    select
        *,
        cast(case when base_revenue > 0 then base_revenue end as {{ float_type() }}) as base,
        cast(revenue - base_revenue as {{ float_type() }}) as growth,
        cast(retained_revenue + earned_new_revenue - base_revenue as {{ float_type() }}) as earned_growth,
        cast(unknown_new_revenue as {{ float_type() }}) as perhaps_earned
    from summed
),

rated as (
    select
        earned.*,
        coalesce(margins.n_accounts, 0) as n_accounts,
        margins.effective_n,
        margins.retention_margin,
        margins.earned_growth_margin,
        cast(earned.retained_revenue as {{ float_type() }}) / earned.base as net_revenue_retention,
        earned.earned_growth / earned.base as earned_growth_rate
    from earned
    left join margins
        on earned.year = margins.year
),

-- Nothing grows from no revenue, and a share of growth means something only where there is growth.
final as (
    select
        year,
        '{{ var("reporting_currency") }}' as currency,
        cast(base_revenue as {{ money_type() }}) as base_revenue,
        cast(revenue as {{ money_type() }}) as revenue,
        cast(retained_revenue as {{ money_type() }}) as retained_revenue,
        cast(returned_revenue as {{ money_type() }}) as returned_revenue,
        cast(earned_new_revenue as {{ money_type() }}) as earned_new_revenue,
        cast(bought_new_revenue as {{ money_type() }}) as bought_new_revenue,
        cast(unknown_new_revenue as {{ money_type() }}) as unknown_new_revenue,
        {{ as_count('n_accounts') }} as n_accounts,
        effective_n,
        net_revenue_retention,
        net_revenue_retention - retention_margin as net_revenue_retention_ci_low,
        net_revenue_retention + retention_margin as net_revenue_retention_ci_high,
        growth / base as revenue_growth,
        earned_growth_rate,
        earned_growth_rate - earned_growth_margin as earned_growth_rate_ci_low,
        earned_growth_rate + earned_growth_margin as earned_growth_rate_ci_high,
        (earned_growth + perhaps_earned) / base as earned_growth_rate_high,
        case when base > 0 and growth > 0 then earned_growth / growth end as earned_growth_ratio,
        case when base > 0 and growth > 0 then (earned_growth + perhaps_earned) / growth end
            as earned_growth_ratio_high
    from rated
)

select * from final
