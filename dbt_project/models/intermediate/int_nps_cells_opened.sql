{{ config(meta={'compared_by': 'cell_number'}) }}

with

answers as (
    select * from {{ ref('int_nps_answers_ranked') }}
    where standing_from is not null
),

stacked as (
    {{ numbered_by_dimension('answers', ['standing_from']) }}
),

final as (
    select
        cell_number,
        min(standing_from) as first_day
    from stacked
    group by cell_number
)

select * from final
