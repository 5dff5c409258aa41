{{ config(meta={'recheck': {'follow': {'fct_nps_responses': 'respondent_id'}}}) }}

-- On no day do two answers of one person in one programme stand, so that a score counts each person once.
with

standing as (
    select
        program_type,
        respondent_id,
        response_id,
        standing_from,
        standing_until,
        lead(standing_from) over (
            partition by program_type, respondent_id
            order by standing_from
        ) as next_standing_from
    from {{ ref('fct_nps_responses') }}
    where
        standing_from is not null
        {{ touched('respondent_id') }}
),

final as (
    select * from standing
    where
        standing_from > standing_until
        or standing_until >= next_standing_from
)

select * from final
