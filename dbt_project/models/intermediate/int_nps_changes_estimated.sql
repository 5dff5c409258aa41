{% set pair = ['comparison_number', 'program_number', 'period_to'] %}
{% set counted = changed_in(
    ['response_id', 'program_type', 'cluster_id', 'nps_points', 'is_last_of_month', 'is_last_of_quarter', 'month_start']
) %}
{% set months_read, periods_touched = [], [] %}
{# An answer counts in its own period, and in the change of the one that is compared with it. #}
{% for comparison, period, n_months in compared_periods() %}
{% set own = 'month_start' if period == 'month' else quarter_start('month_start') %}
{% for months_later in [0, n_months] %}
{% do periods_touched.append('select ' ~ add_months(own, months_later) ~ ' from ' ~ counted) %}
{% for month in range(1 if period == 'month' else 3) %}
{% do months_read.append(month - months_later) %}
{% endfor %}
{% endfor %}
{% endfor %}

{{ config(meta={'recompute': {
    'unit': 'period_to',
    'follow': {'fct_nps_responses': periods_touched | join(' union all ')},
}}) }}

with

answers as (
    select * from {{ ref('fct_nps_responses') }}
    {{ touched_when(months_around('month_start', months_read | unique | sort), 'where') }}
),

programs as (
    select
        program_type,
        cast(row_number() over (order by program_type) as {{ dbt.type_int() }}) as program_number
    from (select distinct program_type from answers) as named_programs
),

comparisons as (
    {{ period_comparisons() }}
),

followed as (
    select
        programs.program_number,
        {{ text_number('answers.cluster_id') }} as cluster_number,
        answers.nps_points,
        answers.month_start,
        {{ quarter_start('answers.month_start') }} as quarter_start,
        answers.is_last_of_month,
        answers.is_last_of_quarter
    from answers
    inner join programs
        on answers.program_type = programs.program_type
),

-- The last answer of each person in a period, summed by account.
periods as (
    select
        'month' as period,
        program_number,
        cluster_number,
        month_start as period_start,
        sum(nps_points) as points_sum,
        count(*) as n_scored
    from followed
    where is_last_of_month
    group by program_number, cluster_number, month_start
    union all
    select
        'quarter' as period,
        program_number,
        cluster_number,
        quarter_start as period_start,
        sum(nps_points) as points_sum,
        count(*) as n_scored
    from followed
    where is_last_of_quarter
    group by program_number, cluster_number, quarter_start
),

sides as (
    select
        comparisons.comparison_number,
        periods.program_number,
        periods.cluster_number,
        0 as points_from,
        0 as n_from,
        periods.points_sum as points_to,
        periods.n_scored as n_to,
        periods.period_start as period_to
    from periods
    inner join comparisons
        on periods.period = comparisons.period
    union all
    select
        comparisons.comparison_number,
        periods.program_number,
        periods.cluster_number,
        periods.points_sum as points_from,
        periods.n_scored as n_from,
        0 as points_to,
        0 as n_to,
        {{ add_months('periods.period_start', 'comparisons.n_months') }} as period_to
    from periods
    inner join comparisons
        on periods.period = comparisons.period
),

paired as (
    select
        {{ pair | join(', ') }},
        cluster_number,
        {{ as_count('sum(points_from)') }} as points_from,
        {{ as_count('sum(n_from)') }} as n_from,
        {{ as_count('sum(points_to)') }} as points_to,
        {{ as_count('sum(n_to)') }} as n_to
    from sides
    group by {{ pair | join(', ') }}, cluster_number
),

-- Accounts alike on both sides are counted, not listed.
kinds as (
    select
        {{ pair | join(', ') }},
        points_from,
        n_from,
        points_to,
        n_to,
        count(*) as n_clusters,
        row_number() over (
            partition by {{ pair | join(', ') }}
            order by points_from, n_from, points_to, n_to
        ) as kind_number
    from paired
    group by {{ pair | join(', ') }}, points_from, n_from, points_to, n_to
),

-- A change has two sides; where nobody answered on one of them there is no change.
answered_pairs as (
    select
        {{ pair | join(', ') }},
        sum(n_from * n_clusters) as n_from,
        sum(n_to * n_clusters) as n_to
    from kinds
    group by {{ pair | join(', ') }}
    having
        sum(n_from * n_clusters) > 0
        and sum(n_to * n_clusters) > 0
),

parts as (
    select
        kinds.comparison_number,
        kinds.program_number,
        kinds.period_to,
        kinds.kind_number,
        'from' as side,
        -1 as coefficient,
        kinds.points_from as numerator,
        kinds.n_from as denominator,
        kinds.n_clusters
    from kinds
    inner join answered_pairs
        on
            kinds.comparison_number = answered_pairs.comparison_number
            and kinds.program_number = answered_pairs.program_number
            and kinds.period_to = answered_pairs.period_to
    where kinds.n_from > 0
    union all
    select
        kinds.comparison_number,
        kinds.program_number,
        kinds.period_to,
        kinds.kind_number,
        'to' as side,
        1 as coefficient,
        kinds.points_to as numerator,
        kinds.n_to as denominator,
        kinds.n_clusters
    from kinds
    inner join answered_pairs
        on
            kinds.comparison_number = answered_pairs.comparison_number
            and kinds.program_number = answered_pairs.program_number
            and kinds.period_to = answered_pairs.period_to
    where kinds.n_to > 0
),

ratios as (
    select * from {{ jackknife_ratio('parts', pair, part='side', cluster='kind_number', crv1=false) }} as by_account
),

final as (
    select
        comparisons.comparison,
        programs.program_type,
        {{ as_count('answered_pairs.n_from') }} as n_from,
        {{ as_count('answered_pairs.n_to') }} as n_to,
        ratios.estimate,
        ratios.std_error,
        ratios.degrees_of_freedom,
        ratios.period_to
    from ratios
    inner join answered_pairs
        on
            ratios.comparison_number = answered_pairs.comparison_number
            and ratios.program_number = answered_pairs.program_number
            and ratios.period_to = answered_pairs.period_to
    inner join comparisons
        on ratios.comparison_number = comparisons.comparison_number
    inner join programs
        on ratios.program_number = programs.program_number
)

select * from final
