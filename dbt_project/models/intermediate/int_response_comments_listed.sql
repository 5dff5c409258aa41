{{ config(meta={'recompute': {
    'unit': 'response_id',
    'follow': {
        'stg_survey__responses': 'response_id',
        'fct_nps_responses': 'response_id',
        'fct_experience_responses': 'response_id',
    },
}}) }}

with

responses as (
    select * from {{ ref('stg_survey__responses') }}
    where
        verdict = 'accepted'
        {{ touched('response_id') }}
),

nps_answers as (
    select response_id from {{ ref('fct_nps_responses') }}
    {{ touched('response_id', 'where') }}
),

experience_answers as (
    select response_id from {{ ref('fct_experience_responses') }}
    {{ touched('response_id', 'where') }}
),

-- What is said goes with its answer: one that is in no fact (employees, unfinished, excluded, without a score) has no
-- comment here (int_response_comments_listed__leaves_out_what_is_no_answer_of_a_customer).
answers as (
    select
        response_id,
        true as is_nps
    from nps_answers
    union all
    select
        response_id,
        false as is_nps
    from experience_answers
),

said as (
    select
        responses.response_id,
        answers.is_nps,
        responses.verbatim_reason,
        responses.verbatim_improve,
        coalesce(responses.language, '') || '|' as given_language
    from responses
    inner join answers
        on responses.response_id = answers.response_id
),

-- The key is that of orchestration/comments/enrichment.py; a comment that was not read has none to relate to.
final as (
    select
        response_id,
        'reason' as question,
        {{ text_hash('given_language || verbatim_reason') }} as comment_hash,
        is_nps
    from said
    where verbatim_reason is not null
    union all
    select
        response_id,
        'improve' as question,
        {{ text_hash('given_language || verbatim_improve') }} as comment_hash,
        is_nps
    from said
    where verbatim_improve is not null
)

select * from final
