{% set cell = ['month_start', 'program_type', 'metric', 'dimension', 'dimension_value'] %}

{{ config(meta={'recompute': {
    'unit': 'month_start',
    'follow': {'fct_experience_responses': 'select ' ~ month_start('answered_date') ~ ' from {changes}'},
    'days': rows_of_days(month_start('answered_date'), ['fct_experience_responses'], 'answered_date')
        ~ ' union all ' ~ rows_of_months('month_start', ['this']),
}}) }}

with

experiences as (
    select * from {{ ref('fct_experience_responses') }}
    {{ touched(month_start('answered_date'), 'where') }}
),

surveys as (
    select * from {{ ref('dim_surveys') }}
),

-- A box is one step of the scale; the two best are at its top or, where lower is better, at its foot.
described as (
    select
        experiences.*,
        {{ month_start('experiences.answered_date') }} as month_start,
        surveys.scale_min,
        surveys.scale_max,
        surveys.scale_direction,
        case
            when surveys.scale_direction = 'lower_is_better' then experiences.raw_score <= surveys.scale_min + 1
            else experiences.raw_score >= surveys.scale_max - 1
        end as is_in_top_two
    from experiences
    inner join surveys
        on experiences.survey_id = surveys.survey_id
),

-- What is averaged: for satisfaction whether the answer is in the two best boxes, for effort the place on its scale.
valued as (
    select
        month_start,
        program_type,
        metric,
        cluster_id,
        {{ var('answer_dimensions') | join(', ') }}{{ ',' if var('answer_dimensions') }}
        raw_score,
        case
            when metric = 'ces' then normalised_score
            when is_in_top_two then 1e0
            else 0e0
        end as answer_value,
        scale_direction,
        scale_min,
        scale_max
    from described
),

clusters as (
    {{ grouped_by_dimension(
        'valued',
        ['month_start', 'program_type', 'metric', 'cluster_id'],
        {
            'n_answers': 'count(*)',
            'value_sum': exact_sum('answer_value'),
            'raw_sum': 'sum(raw_score)',
            'direction_low': 'min(scale_direction)',
            'direction_high': 'max(scale_direction)',
            'scale_min_low': 'min(scale_min)',
            'scale_min_high': 'max(scale_min)',
            'scale_max_low': 'min(scale_max)',
            'scale_max_high': 'max(scale_max)',
        },
        var('answer_dimensions'),
        at_once=false,
    ) }}
),

counts as (
    select
        {{ cell | join(', ') }},
        sum(n_answers) as n_scored,
        {{ exact_sum('value_sum') }} as value_sum,
        sum(raw_sum) as raw_sum,
        max(n_answers) = 1 and min(metric) = 'csat' as is_one_answer_each,
        case
            when
                min(direction_low) = max(direction_high)
                and min(scale_min_low) = max(scale_min_high)
                and min(scale_max_low) = max(scale_max_high)
                then min(direction_low)
        end as scale_direction
    from clusters
    group by {{ cell | join(', ') }}
),

-- A share p stands for the score 100 · (2p − 1), so that it has the intervals of a score: an answer of 1 is a promoter,
-- one of 0 a detractor, and one between them is as uncertain as the two that it lies between, at most.
classes as (
    select
        {{ cell | join(', ') }},
        100 * (2 * value_sum - n_answers) as numerator,
        n_answers as denominator,
        1 as n_clusters
    from clusters
),

scored as (
    select
        counts.*,
        counts.value_sum as n_promoters,
        0 as n_passives,
        counts.n_scored - counts.value_sum as n_detractors,
        ratios.estimate as nps,
        ratios.effective_clusters,
        ratios.degrees_of_freedom,
        ratios.std_error
    from counts
    inner join {{ jackknife_ratio('classes', cell, crv1=false) }} as ratios
        on
            counts.month_start = ratios.month_start
            and counts.program_type = ratios.program_type
            and counts.metric = ratios.metric
            and counts.dimension = ratios.dimension
            and counts.dimension_value = ratios.dimension_value
),

sure as (
    select
        *,
        {{ score_interval_columns() }}
    from scored
),

final as (
    select
        {{ cell | join(', ') }},
        scale_direction,
        ci_method,
        suppression_reason,
        {{ as_count('n_scored') }} as n_scored,
        value_sum / n_scored as estimate,
        (ci_low / 100 + 1) / 2 as ci_low,
        (ci_high / 100 + 1) / 2 as ci_high,
        case when scale_direction is not null then raw_sum * 1e0 / n_scored end as raw_mean,
        is_reportable
    from sure
)

select * from final
