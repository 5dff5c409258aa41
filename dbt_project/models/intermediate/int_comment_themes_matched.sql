{% set patterns = written_patterns(ref('theme_keywords')) %}

with

comments as (
    select * from {{ ref('stg_enrichment__comments') }}
),

theme_keywords as (
    select * from {{ ref('theme_keywords') }}
),

languages as (
    select distinct language from theme_keywords
),

folded as (
    select
        comments.comment_hash,
        languages.language,
        {{ folded_text('comments.comment_redacted') }} as comment_folded
    from comments
    left join languages
        on comments.language = languages.language
),

final as (
    {{ matched_themes('folded', 'theme_keywords', patterns) }}
)

select * from final
