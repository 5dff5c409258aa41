{% set cell = ['month_start', 'program_type', 'dimension', 'dimension_value'] %}

with

answers as (
    select * from {{ ref('fct_nps_responses') }}
),

-- The last answer of each person in the month, before any slicing: the slices add up to the total.
latest_marked as (
    select
        *,
        row_number() over (
            partition by program_type, month_start, respondent_id
            order by answered_at desc, response_id desc
        ) = 1 as is_latest
    from answers
),

-- An order of all answers of a month from the most senior and last: the first one in a slice is its waterfall answer.
ranked as (
    select
        *,
        row_number() over (
            partition by program_type, month_start, cluster_id
            order by case when is_latest then 0 else 1 end, seniority, answered_at desc, response_id desc
        ) as waterfall_rank
    from latest_marked
),

flagged as (
    select
        *,
        case when nps_category = 'promoter' then 1 else 0 end as is_promoter,
        case when nps_category = 'detractor' then 1 else 0 end as is_detractor,
        case when is_latest then 1 else 0 end as n_latest,
        case when is_latest and is_linked then waterfall_rank end as linked_rank
    from ranked
),

stacked as (
    {{ stacked_by_dimension(
        'flagged',
        [
            'month_start', 'program_type', 'cluster_id', 'is_linked', 'nps_points', 'is_promoter', 'is_detractor', 'n_latest',
            'linked_rank', 'trailing_revenue_12m',
        ],
        var('answer_dimensions'),
    ) }}
),

final as (
    select
        {{ cell | join(', ') }},
        cluster_id,
        {{ value_at_least('nps_points', 'linked_rank') }} as waterfall_points,
        max(trailing_revenue_12m) as trailing_revenue_12m,
        count(*) as n_answers,
        sum(n_latest) as n_latest,
        sum(nps_points) as points_sum,
        sum(nps_points * n_latest) as latest_points_sum,
        sum(is_promoter) as n_promoters,
        sum(is_promoter * n_latest) as n_latest_promoters,
        sum(is_detractor) as n_detractors,
        sum(is_detractor * n_latest) as n_latest_detractors,
        sum(case when is_linked then n_latest else 0 end) as n_linked,
        sum(case when is_linked then nps_points * n_latest else 0 end) as linked_points_sum
    from stacked
    group by {{ cell | join(', ') }}, cluster_id
)

select * from final
