{# A quarter counts in its own row, and in the change of the one a year later. #}
{% set touched_quarters %}
select quarter_start from (%s) as touched
union all
select {{ add_months('quarter_start', 12) }} from (%s) as touched
{% endset %}
{% set quarters_of_answers %}
select {{ quarter_start('month_start') }} as quarter_start
from {{ changed_in([
    'response_id', 'program_type', 'respondent_id', 'cluster_id', 'nps_points', 'nps_category', 'answered_at',
    'month_start',
]) }} as changed
{% endset %}
{% set calendar_quarters = 'select quarter_start from {changes}' %}
{% set quarters_of_revenue %}
select {{ quarter_start('month_start') }} as quarter_start from {changes}
union all
select quarter_start from {dim_dates}
where
    (select min(month_start) from {changes})
    <= coalesce((select min(month_start) from {fct_account_revenue_months}), date '9999-12-31')
{% endset %}
{% set quarters_ended %}
select quarter_start from {dim_dates}
where
    {{ add_days(add_months('quarter_start', 3), -1) }} > least(date '{before}', date '{now}')
    and {{ add_days(add_months('quarter_start', 3), -1) }} <= greatest(date '{before}', date '{now}')
{% endset %}

{{ config(meta={'recompute': {
    'unit': 'quarter_start',
    'follow': {
        'fct_nps_responses': touched_quarters | format(quarters_of_answers, quarters_of_answers),
        'fct_account_revenue_months': touched_quarters | format(quarters_of_revenue, quarters_of_revenue),
        'dim_dates': touched_quarters | format(calendar_quarters, calendar_quarters),
        'as_of': touched_quarters | format(quarters_ended, quarters_ended),
    },
    'days': rows_of_days('quarter_start', ['dim_dates'], 'date_day'),
}}) }}

{% set quarter = quarter_start('month_start') %}
{% set is_read = months_around('month_start', [-12, -11, -10, 0, 1, 2]) %}

with

answers as (
    select
        *,
        {{ quarter }} as quarter_start
    from {{ ref('fct_nps_responses') }}
    where
        program_type = '{{ var("headline_program_type") }}'
        {{ touched_when(is_read) }}
),

revenue_months as (
    select
        *,
        {{ quarter }} as quarter_start
    from {{ ref('fct_account_revenue_months') }}
    {{ touched_when(is_read, 'where') }}
),

ledger as (
    select min(month_start) as first_month from {{ ref('fct_account_revenue_months') }}
),

-- A quarter in which the ledger begins is not whole, and would make the next year look like growth.
revenue as (
    select
        revenue_months.quarter_start,
        sum(revenue_months.revenue) as revenue
    from revenue_months
    cross join ledger
    where revenue_months.quarter_start >= ledger.first_month
    group by revenue_months.quarter_start
),

calendar as (
    select distinct
        quarter_start,
        {{ add_months('quarter_start', 3) }} as next_quarter_start,
        {{ add_months('quarter_start', -12) }} as quarter_a_year_before
    from {{ ref('dim_dates') }}
),

whole_quarters as (
    select * from calendar
    where next_quarter_start <= {{ add_days(as_of_date(), 1) }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by quarter_start, respondent_id
            order by answered_at desc, response_id desc
        ) as answer_rank
    from answers
),

-- The last answer of each person in the quarter.
latest as (
    select * from ranked
    where answer_rank = 1
),

clusters as (
    select
        quarter_start,
        cluster_id,
        sum(nps_points) as numerator,
        count(*) as denominator
    from latest
    group by quarter_start, cluster_id
),

classes as (
    select
        quarter_start,
        numerator,
        denominator,
        count(*) as n_clusters
    from clusters
    group by quarter_start, numerator, denominator
),

counts as (
    select
        quarter_start,
        count(*) as n_scored,
        count(case when nps_category = 'promoter' then 1 end) as n_promoters,
        count(case when nps_category = 'passive' then 1 end) as n_passives,
        count(case when nps_category = 'detractor' then 1 end) as n_detractors
    from latest
    group by quarter_start
),

scored as (
    select
        whole_quarters.quarter_start,
        whole_quarters.quarter_a_year_before,
        coalesce(counts.n_scored, 0) as n_scored,
        coalesce(counts.n_promoters, 0) as n_promoters,
        coalesce(counts.n_passives, 0) as n_passives,
        coalesce(counts.n_detractors, 0) as n_detractors,
        ratios.estimate as nps,
        ratios.effective_clusters,
        ratios.degrees_of_freedom,
        ratios.std_error,
        coalesce(ratios.n_clusters, 0) = coalesce(counts.n_scored, 0) as is_one_answer_each,
        revenue.revenue
    from whole_quarters
    left join counts
        on whole_quarters.quarter_start = counts.quarter_start
    left join {{ jackknife_ratio('classes', ['quarter_start']) }} as ratios
        on whole_quarters.quarter_start = ratios.quarter_start
    left join revenue
        on whole_quarters.quarter_start = revenue.quarter_start
),

sure as (
    select
        *,
        {{ score_interval_columns() }}
    from scored
),

-- Side by side, and no more than that: a trend that two series share proves nothing about either.
final as (
    select
        sure.quarter_start,
        'association only' as evidence,
        '{{ var("reporting_currency") }}' as currency,
        {{ as_count('sure.n_scored') }} as n_scored,
        sure.nps,
        sure.ci_low,
        sure.ci_high,
        sure.nps - a_year_before.nps as nps_change_yoy,
        cast(sure.revenue as {{ money_type() }}) as revenue,
        case
            when a_year_before.revenue > 0
                then
                    cast(sure.revenue - a_year_before.revenue as {{ float_type() }})
                    / cast(a_year_before.revenue as {{ float_type() }})
        end as revenue_growth_yoy,
        sure.ci_method,
        sure.is_reportable,
        sure.suppression_reason
    from sure
    left join sure as a_year_before
        on sure.quarter_a_year_before = a_year_before.quarter_start
)

select * from final
