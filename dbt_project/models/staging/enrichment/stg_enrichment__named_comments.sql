{{ config(meta={'compared_by': 'response_id'}) }}

with

raw_named_comments as (
    select * from {{ source('enrichment', 'named_comments') }}
),

final as (
    select
        response_id,
        comment_hash,
        comment_redacted
    from raw_named_comments
)

select * from final
