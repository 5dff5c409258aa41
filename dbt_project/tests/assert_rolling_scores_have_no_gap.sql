-- A day on which nothing stands is a row with an unknown score, so that a chart breaks there and does not bridge it:
-- every cell has a row for each day from its first answer to the as-of date.
with

cells as (
    select
        program_type,
        dimension,
        dimension_value,
        count(*) as n_days,
        min(date_day) as first_day,
        max(date_day) as last_day
    from {{ ref('nps_rolling') }}
    group by program_type, dimension, dimension_value
),

final as (
    select * from cells
    where
        last_day <> {{ as_of_date() }}
        or n_days <> {{ days_between('first_day', 'last_day') }} + 1
)

select * from final
