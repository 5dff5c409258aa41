with

responses as (
    select * from {{ ref('int_survey_responses_described') }}
    where counts_as_nps
),

cells as (
    {{ grouped_by_dimension('responses', ['program_type'], {}, var('answer_dimensions')) }}
),

-- One whole number groups millions of rows several times faster than three texts.
final as (
    select
        cast(
            row_number() over (order by program_type, dimension, dimension_value) as {{ dbt.type_int() }}
        ) as cell_number,
        program_type,
        dimension,
        dimension_value
    from cells
)

select * from final
