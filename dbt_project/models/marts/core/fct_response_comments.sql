{{ config(meta={'recompute': {
    'unit': 'response_id',
    'follow': {
        'int_response_comments_listed': 'response_id',
        'stg_enrichment__named_comments': 'response_id',
        'stg_enrichment__comments':
            'select response_id from {int_response_comments_listed} where comment_hash in (select comment_hash from {changes})',
    },
}}) }}

with

response_comments as (
    select * from {{ ref('int_response_comments_listed') }}
    {{ touched('response_id', 'where') }}
),

comments as (
    select * from {{ ref('stg_enrichment__comments') }}
),

named_comments as (
    select * from {{ ref('stg_enrichment__named_comments') }}
    {{ touched('response_id', 'where') }}
),

-- Without a name of the answer's own record where it holds one
-- (fct_response_comments__takes_out_names_of_the_answer_alone).
final as (
    select
        response_comments.response_id,
        response_comments.question,
        comments.language,
        coalesce(named_comments.comment_redacted, comments.comment_redacted) as comment_redacted,
        comments.sentiment
    from response_comments
    inner join comments
        on response_comments.comment_hash = comments.comment_hash
    left join named_comments
        on
            response_comments.response_id = named_comments.response_id
            and response_comments.comment_hash = named_comments.comment_hash
)

select * from final
