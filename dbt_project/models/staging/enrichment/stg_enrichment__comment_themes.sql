{{ config(meta={'compared_by': 'comment_hash'}) }}

with

raw_comment_themes as (
    select * from {{ source('enrichment', 'comment_themes') }}
),

final as (
    select
        comment_hash,
        theme
    from raw_comment_themes
)

select * from final
