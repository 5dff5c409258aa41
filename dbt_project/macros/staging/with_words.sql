{#
    A query: the rows of a relation, and for each column that holds words (as `<column>_given`) what its word means, as
    `<column>_word`; null where there is none or nobody knows it. The words are those of the column and, for booleans, those of
    every boolean column (seeds/reference/value_words.csv); a word of the column itself goes first.
#}
{% macro with_words(relation, booleans=[], vocabularies=[]) -%}
    {%- set named = adapter.quote('column') -%}
    {%- set raw_word = adapter.quote('word') -%}
    {%- set raw_value = adapter.quote('value') -%}
    select
        {{ relation }}.*
        {%- for column in booleans + vocabularies %},
        {{ column }}_words.meaning as {{ column }}_word
        {%- endfor %}
    from {{ relation }}
    {%- for column in booleans + vocabularies %}
    left join (
        select
            lower({{ clean_text(raw_word) }}) as word,
            coalesce(
                max(case when {{ named }} = '{{ column }}' then {{ clean_text(raw_value) }} end),
                max({{ clean_text(raw_value) }})
            ) as meaning
        from {{ ref('value_words') }}
        where {{ named }} in ('{{ column }}'{{ ", 'boolean'" if column in booleans }})
        group by lower({{ clean_text(raw_word) }})
    ) as {{ column }}_words
        on lower({{ clean_text(relation ~ '.' ~ column ~ '_given') }}) = {{ column }}_words.word
    {%- endfor %}
{%- endmacro %}
