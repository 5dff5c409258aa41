{{ config(meta={'compared_by': 'comment_hash'}) }}

with

raw_comments as (
    select * from {{ source('enrichment', 'comments') }}
),

final as (
    select
        comment_hash,
        language,
        comment_redacted,
        cast(sentiment as {{ float_type() }}) as sentiment
    from raw_comments
)

select * from final
