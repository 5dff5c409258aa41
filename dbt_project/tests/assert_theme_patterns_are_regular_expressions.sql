-- Comments are searched in lower case and without accents (orchestration/comments/themes.py) by DuckDB, whose RE2 has
-- no looking around and no back references. POSIX classes are refused too: a vocabulary may move to another tool.

with

theme_keywords as (
    select * from {{ ref('theme_keywords') }}
),

judged as (
    select
        theme,
        language,
        pattern,
        case
            when trim(coalesce(pattern, '')) = '' then 'the theme has no pattern here'
            when not {{ is_pattern('pattern') }} then 'not a regular expression'
            when pattern <> lower(pattern) then 'capital letters find nothing: text is searched in lower case'
            when {{ text_matches('pattern', text_literal('\\(\\?[^:]|\\[\\[:|\\\\[1-9pqz]')) }}
                then 'not understood by every engine: use groups (?:…), classes and repetition alone'
            when {{ text_matches("''", "'^(?:' || pattern || ')$'") }} then 'matches what is empty'
        end as fault
    from theme_keywords
),

final as (
    select * from judged
    where fault is not null
)

select * from final
