with

response_comments as (
    select * from {{ ref('int_response_comments_listed') }}
),

comments as (
    select * from {{ ref('stg_enrichment__comments') }}
),

final as (
    select
        response_comments.response_id,
        response_comments.question,
        comments.language,
        comments.comment_redacted,
        comments.sentiment
    from response_comments
    inner join comments
        on response_comments.comment_hash = comments.comment_hash
)

select * from final
