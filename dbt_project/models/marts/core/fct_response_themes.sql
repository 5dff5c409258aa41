{{ config(meta={'recompute': {
    'unit': 'response_id',
    'follow': {
        'int_response_comments_listed': 'response_id',
        'fct_nps_responses': 'response_id',
        'stg_enrichment__comments':
            'select response_id from {int_response_comments_listed} where comment_hash in (select comment_hash from {changes})',
        'stg_enrichment__comment_themes':
            'select response_id from {int_response_comments_listed} where comment_hash in (select comment_hash from {changes})',
    },
}}) }}

with

response_comments as (
    select * from {{ ref('int_response_comments_listed') }}
    where
        is_nps
        {{ touched('response_id') }}
),

comment_themes as (
    select * from {{ ref('stg_enrichment__comment_themes') }}
),

comments as (
    select * from {{ ref('stg_enrichment__comments') }}
),

answers as (
    select * from {{ ref('fct_nps_responses') }}
    {{ touched('response_id', 'where') }}
),

found as (
    select
        response_comments.response_id,
        response_comments.question,
        comment_themes.theme,
        comments.sentiment
    from response_comments
    inner join comments
        on response_comments.comment_hash = comments.comment_hash
    left join comment_themes
        on response_comments.comment_hash = comment_themes.comment_hash
),

counted as (
    select
        response_id,
        count(theme) as n_found,
        count(*) as n_rows
    from found
    group by response_id
),

-- An answer has no theme only where none of its comments has one
-- (fct_response_themes__splits_an_answer_over_its_themes).
final as (
    select
        found.response_id,
        coalesce(found.theme, 'no_theme') as theme,
        found.question,
        found.sentiment,
        answers.nps_points,
        1e0 / case when counted.n_found > 0 then counted.n_found else counted.n_rows end as contribution_weight
    from found
    inner join counted
        on found.response_id = counted.response_id
    inner join answers
        on found.response_id = answers.response_id
    where found.theme is not null or counted.n_found = 0
)

select * from final
