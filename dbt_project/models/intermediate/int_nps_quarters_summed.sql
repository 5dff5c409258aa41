with

answers as (
    select
        *,
        {{ quarter_start('month_start') }} as quarter_start
    from {{ ref('fct_nps_responses') }}
),

-- Before any slicing, as in nps_by_month: the slices of a dimension add up to the total.
followed as (
    select
        *,
        lead(quarter_start) over (
            partition by program_type, respondent_id
            order by answered_at, response_id
        ) as next_quarter_start
    from answers
),

latest as (
    select
        program_type,
        quarter_start,
        {{ var('answer_dimensions') | join(', ') }}{{ ',' if var('answer_dimensions') }}
        nps_points
    from followed
    where
        next_quarter_start is null
        or next_quarter_start > quarter_start
),

summed as (
    {{ grouped_by_dimension(
        'latest',
        ['quarter_start', 'program_type'],
        {'n_scored': 'count(*)', 'points_sum': 'sum(nps_points)'},
        var('answer_dimensions'),
    ) }}
),

final as (
    select
        quarter_start,
        program_type,
        dimension,
        dimension_value,
        {{ as_count('n_scored') }} as n_scored,
        cast(points_sum as {{ float_type() }}) as points_sum
    from summed
)

select * from final
