{#
    A query for the themes of comments: `comments` has comment_hash, comment_folded and language, null where the vocabulary
    does not have it; such a comment is tried with the patterns of all languages. A pattern matches whole words.

    Where the patterns are known while the model is rendered they are written into the query, all of a theme and language as
    one: the engine makes each expression once. Joined as a column they are made anew for every comment, which takes 400
    times as long (390 s instead of 0.9 s for 500,000 comments and 12 themes on DuckDB). The join is what a unit test runs;
    tests/test_themes.py holds both to the same themes.
#}
{% macro matched_themes(comments, vocabulary, patterns) -%}
    {%- set opening = '\\b(?:' -%}
    {%- set closing = ')\\b' -%}
    {%- if patterns -%}
    {%- for theme, by_language in patterns.items() %}
    select
        comment_hash,
        {{ text_literal(theme) }} as theme
    from {{ comments }}
    where
        case
            {%- for language in patterns.values() | map('list') | sum(start=[]) | unique | sort %}
            when language = {{ text_literal(language) }}
                then {% if language in by_language -%}
                    {{ text_matches('comment_folded', text_literal(opening ~ by_language[language] | join('|') ~ closing)) }}
                {%- else %}false{% endif %}
            {%- endfor %}
            else {{ text_matches('comment_folded', text_literal(opening ~ by_language.values() | sum(start=[]) | join('|') ~ closing)) }}
        end
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {%- else %}
    select distinct
        comments.comment_hash,
        vocabulary.theme
    from {{ comments }} as comments
    inner join {{ vocabulary }} as vocabulary
        on
            coalesce(comments.language, vocabulary.language) = vocabulary.language
            and {{ text_matches(
                'comments.comment_folded',
                text_literal(opening) ~ ' || ' ~ folded_text('vocabulary.pattern') ~ ' || ' ~ text_literal(closing)
            ) }}
    {%- endif -%}
{%- endmacro %}
