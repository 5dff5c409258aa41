-- Text is folded before it is searched, and every engine must read a pattern alike: RE2 (DuckDB) has no looking around
-- and no back references, Java (Spark) no POSIX classes in brackets.

with

theme_keywords as (
    select * from {{ ref('theme_keywords') }}
),

folded as (
    select
        theme,
        language,
        pattern,
        {{ folded_text('pattern') }} as folded_pattern
    from theme_keywords
),

judged as (
    select
        theme,
        language,
        pattern,
        case
            when trim(coalesce(pattern, '')) = '' then 'the theme has no pattern here'
            when not {{ is_pattern('folded_pattern') }} then 'not a regular expression'
            when pattern <> lower(pattern) then 'capital letters find nothing: text is searched in lower case'
            when {{ text_matches('pattern', text_literal('\\(\\?[^:]|\\[\\[:|\\\\[1-9pqz]')) }}
                then 'not understood by every engine: use groups (?:…), classes and repetition alone'
            when {{ text_matches("''", "'^(?:' || folded_pattern || ')$'") }} then 'matches what is empty'
        end as fault
    from folded
),

final as (
    select * from judged
    where fault is not null
)

select * from final
