{% set cell = ['cell_number', 'month_start'] %}
{% set rule_cell = cell + ['nps_rule'] %}
{% set rules = ['all_responses', 'contact_latest', 'account_mean', 'account_waterfall', 'revenue_weighted'] %}
{% set account_points = '(linked_points_sum * 1e0 / n_linked)' %}

{{ config(partition_by=partitioned_by_month('month_start'), meta={'recompute': {
    'unit': 'month_start',
    'follow': {
        'int_nps_answers_ranked': months_recounted(),
        'int_nps_month_clusters_summed': 'month_start',
        'int_survey_responses_described':
            'select ' ~ month_start('answered_date') ~ ' from {changes} where counts_as_nps and not is_scored',
    },
    'days': rows_of_months('month_start', ['int_nps_answers_ranked', 'this']),
}}) }}

with

-- Answers without a score; those with one are counted with the scores.
responses as (
    select
        *,
        {{ month_start('answered_date') }} as month_start,
        case when is_excluded then 1 else 0 end as n_excluded,
        case when is_excluded then 0 else 1 end as n_unscored
    from {{ ref('int_survey_responses_described') }}
    where
        counts_as_nps
        and not is_scored
        {{ touched(month_start('answered_date')) }}
),

cells as (
    select * from {{ ref('int_nps_cells_numbered') }}
),

lone_answers as (
    select * from {{ ref('int_nps_answers_ranked') }}
    where
        is_alone_in_month
        {{ touched('month_start') }}
),

several_answers as (
    select * from {{ ref('int_nps_month_clusters_summed') }}
    {{ touched('month_start', 'where') }}
),

numbered_responses as (
    {{ with_cell_numbers('responses', ['month_start', 'n_excluded', 'n_unscored']) }}
),

unscored_responses as (
    {{ numbered_by_dimension('numbered_responses', ['month_start', 'n_excluded', 'n_unscored']) }}
),

stacked_lone_answers as {{ not_materialized() }}(
    {{ numbered_by_dimension(
        'lone_answers',
        ['month_start', 'nps_points', 'is_promoter', 'is_detractor', 'is_linked', 'trailing_revenue_12m'],
    ) }}
),

-- Accounts (and answers without one) that are alike in all that the rules look at are counted, not listed.
lone_clusters as (
    select
        cell_number,
        month_start,
        nps_points,
        is_promoter,
        is_detractor,
        case when is_linked then 1 else 0 end as n_linked,
        count(*) as n_clusters
    from stacked_lone_answers
    group by cell_number, month_start, nps_points, is_promoter, is_detractor, is_linked
),

clusters as {{ not_materialized() }}(
    select
        cell_number,
        month_start,
        nps_points as waterfall_points,
        1 as n_answers,
        1 as n_latest,
        nps_points as points_sum,
        nps_points as latest_points_sum,
        nps_points * nps_points as points_sq_sum,
        nps_points * nps_points as latest_points_sq_sum,
        is_promoter as n_promoters,
        is_promoter as n_latest_promoters,
        is_detractor as n_detractors,
        is_detractor as n_latest_detractors,
        n_linked,
        nps_points * n_linked as linked_points_sum,
        n_clusters
    from lone_clusters
    union all
    select
        cell_number,
        month_start,
        waterfall_points,
        n_answers,
        n_latest,
        points_sum,
        latest_points_sum,
        points_sq_sum,
        latest_points_sq_sum,
        n_promoters,
        n_latest_promoters,
        n_detractors,
        n_latest_detractors,
        n_linked,
        linked_points_sum,
        1 as n_clusters
    from several_answers
),

-- Every cell that was answered at all, so that one without a scored answer is a row and not a gap.
answer_counts as (
    select
        cell_number,
        month_start,
        n_answers * n_clusters as n_scored,
        0 as n_unscored,
        0 as n_excluded,
        case when n_linked > 0 then n_clusters else 0 end as n_accounts
    from clusters
    union all
    select
        cell_number,
        month_start,
        0 as n_scored,
        n_unscored,
        n_excluded,
        0 as n_accounts
    from unscored_responses
),

answered_cells as (
    select
        cell_number,
        month_start,
        sum(n_scored + n_unscored + n_excluded) as n_responses,
        sum(n_unscored) as n_unscored,
        sum(n_excluded) as n_excluded,
        sum(n_accounts) as n_accounts
    from answer_counts
    group by cell_number, month_start
),

-- What each rule averages. A unit is an answer or an account; the score is numerator over denominator, each summed.
units as {{ not_materialized() }}(
    select
        cell_number,
        month_start,
        'all_responses' as nps_rule,
        points_sum * 1e0 as numerator,
        n_answers * 1e0 as denominator,
        points_sq_sum * 1e0 as points_sq_sum,
        n_answers as n_scored,
        n_promoters,
        n_detractors,
        n_answers = 1 as is_one_answer_each,
        n_clusters
    from clusters
    union all
    select
        cell_number,
        month_start,
        'contact_latest' as nps_rule,
        latest_points_sum * 1e0 as numerator,
        n_latest * 1e0 as denominator,
        latest_points_sq_sum * 1e0 as points_sq_sum,
        n_latest as n_scored,
        n_latest_promoters as n_promoters,
        n_latest_detractors as n_detractors,
        n_latest = 1 as is_one_answer_each,
        n_clusters
    from clusters
    where n_latest > 0
    union all
    select
        cell_number,
        month_start,
        'account_mean' as nps_rule,
        {{ account_points }} as numerator,
        1e0 as denominator,
        {{ account_points }} * {{ account_points }} as points_sq_sum,
        1 as n_scored,
        case when {{ account_points }} >= 50 then 1 else 0 end as n_promoters,
        case when {{ account_points }} <= -50 then 1 else 0 end as n_detractors,
        n_linked = 1 as is_one_answer_each,
        n_clusters
    from clusters
    where n_linked > 0
    union all
    select
        cell_number,
        month_start,
        'account_waterfall' as nps_rule,
        waterfall_points * 1e0 as numerator,
        1e0 as denominator,
        waterfall_points * waterfall_points * 1e0 as points_sq_sum,
        1 as n_scored,
        case when waterfall_points >= 50 then 1 else 0 end as n_promoters,
        case when waterfall_points <= -50 then 1 else 0 end as n_detractors,
        true as is_one_answer_each,
        n_clusters
    from clusters
    where n_linked > 0
),

classes as (
    select
        {{ rule_cell | join(', ') }},
        numerator,
        denominator,
        is_one_answer_each,
        {{ exact_sum('points_sq_sum * n_clusters') }} as points_sq_sum,
        sum(n_scored * n_clusters) as n_scored,
        sum(n_promoters * n_clusters) as n_promoters,
        sum(n_detractors * n_clusters) as n_detractors,
        sum(n_clusters) as n_clusters
    from units
    group by {{ rule_cell | join(', ') }}, numerator, denominator, is_one_answer_each
),

-- Revenue makes every account a class of its own.
weighted_accounts as {{ not_materialized() }}(
    select
        cell_number,
        month_start,
        nps_points * 1e0 as account_points,
        trailing_revenue_12m
    from stacked_lone_answers
    where
        is_linked
        and trailing_revenue_12m > 0
    union all
    select
        cell_number,
        month_start,
        {{ account_points }} as account_points,
        trailing_revenue_12m
    from several_answers
    where
        n_linked > 0
        and trailing_revenue_12m > 0
),

weighted_classes as {{ not_materialized() }}(
    select
        cell_number,
        month_start,
        account_points,
        account_points * trailing_revenue_12m as numerator,
        trailing_revenue_12m as denominator,
        1 as n_clusters
    from weighted_accounts
),

weighted_sums as (
    select
        cell_number,
        month_start,
        count(*) as n_clusters,
        max(denominator) as largest_denominator,
        {{ exact_sum('numerator') }} as numerator_total,
        {{ exact_sum('denominator') }} as denominator_total,
        count(case when account_points >= 50 then 1 end) as n_promoters,
        count(case when account_points <= -50 then 1 end) as n_detractors,
        {{ exact_sum('account_points * numerator') }} as points_sq_sum
    from weighted_classes
    group by cell_number, month_start
),

ratios as (
    select
        {{ rule_cell | join(', ') }},
        numerator_total,
        denominator_total,
        estimate,
        effective_clusters,
        degrees_of_freedom,
        std_error
    from {{ jackknife_ratio('classes', rule_cell) }} as by_rule
    union all
    select
        cell_number,
        month_start,
        'revenue_weighted' as nps_rule,
        numerator_total,
        denominator_total,
        estimate,
        effective_clusters,
        degrees_of_freedom,
        std_error
    from {{ jackknife_ratio('weighted_classes', cell, sums='weighted_sums') }} as by_revenue
),

counts as (
    select
        {{ rule_cell | join(', ') }},
        sum(n_scored) as n_scored,
        sum(n_promoters) as n_promoters,
        sum(n_detractors) as n_detractors,
        min(case when is_one_answer_each then 1 else 0 end) = 1 as is_one_answer_each,
        {{ exact_sum('points_sq_sum') }} as points_sq_sum
    from classes
    group by {{ rule_cell | join(', ') }}
    union all
    select
        cell_number,
        month_start,
        'revenue_weighted' as nps_rule,
        n_clusters as n_scored,
        n_promoters,
        n_detractors,
        false as is_one_answer_each,
        points_sq_sum
    from weighted_sums
),

rules as (
    {% for rule in rules %}
    select '{{ rule }}' as nps_rule
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

scored as (
    select
        answered_cells.month_start,
        cells.program_type,
        cells.dimension,
        cells.dimension_value,
        rules.nps_rule,
        answered_cells.n_responses,
        answered_cells.n_unscored,
        answered_cells.n_excluded,
        coalesce(counts.n_scored, 0) as n_scored,
        coalesce(counts.n_promoters, 0) as n_promoters,
        coalesce(counts.n_scored - counts.n_promoters - counts.n_detractors, 0) as n_passives,
        coalesce(counts.n_detractors, 0) as n_detractors,
        answered_cells.n_accounts,
        coalesce(ratios.numerator_total, 0e0) as points_sum,
        coalesce(ratios.denominator_total, 0e0) as weight_sum,
        coalesce(counts.points_sq_sum, 0e0) as points_sq_sum,
        ratios.estimate as nps,
        ratios.effective_clusters,
        ratios.degrees_of_freedom,
        ratios.std_error,
        coalesce(counts.is_one_answer_each, true) as is_one_answer_each
    from answered_cells
    inner join cells
        on answered_cells.cell_number = cells.cell_number
    cross join rules
    left join counts
        on
            answered_cells.cell_number = counts.cell_number
            and answered_cells.month_start = counts.month_start
            and rules.nps_rule = counts.nps_rule
    left join ratios
        on
            answered_cells.cell_number = ratios.cell_number
            and answered_cells.month_start = ratios.month_start
            and rules.nps_rule = ratios.nps_rule
),

final as (
    select
        month_start,
        program_type,
        dimension,
        dimension_value,
        nps_rule,
        {{ as_count('n_responses') }} as n_responses,
        {{ as_count('n_unscored') }} as n_unscored,
        {{ as_count('n_excluded') }} as n_excluded,
        {{ as_count('n_scored') }} as n_scored,
        {{ as_count('n_promoters') }} as n_promoters,
        {{ as_count('n_passives') }} as n_passives,
        {{ as_count('n_detractors') }} as n_detractors,
        {{ as_count('n_accounts') }} as n_accounts,
        points_sum,
        points_sq_sum,
        weight_sum,
        effective_clusters as effective_n,
        nps,
        {{ score_interval_columns(is_weighted="nps_rule = 'revenue_weighted'") }}
    from scored
)

select * from final
