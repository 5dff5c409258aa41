{{ config(meta={'recompute': {
    'unit': 'quarter_start',
    'follow': {
        'fct_nps_responses': 'select ' ~ quarter_start('month_start') ~ ' from ' ~ changed_in(
            ['response_id', 'program_type', 'nps_points', 'is_last_of_quarter', 'month_start'] + var('answer_dimensions')
        ),
    },
    'days': rows_of_days(quarter_start('month_start'), ['fct_nps_responses'], 'answered_date')
        ~ ' union all ' ~ rows_of_days('quarter_start', ['this'], 'quarter_start', add_months('quarter_start', 3)),
}}) }}

with

-- Before any slicing, as in nps_by_month: the slices of a dimension add up to the total.
latest as (
    select
        *,
        {{ quarter_start('month_start') }} as quarter_start
    from {{ ref('fct_nps_responses') }}
    where
        is_last_of_quarter
        {{ touched(quarter_start('month_start')) }}
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
