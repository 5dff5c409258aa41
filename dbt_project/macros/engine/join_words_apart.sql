{# What words_apart() of the same text reads, where an engine cannot multiply rows in a select list: for a from clause. #}
{% macro join_words_apart(text) -%}{{ return(adapter.dispatch('join_words_apart')(text)) }}{%- endmacro %}

{% macro default__join_words_apart(text) -%}{%- endmacro %}

{% macro bigquery__join_words_apart(text) -%}cross join unnest(split({{ text }}, ' ')) as word_apart{%- endmacro %}

{% macro snowflake__join_words_apart(text) -%}
    cross join lateral flatten(input => split({{ text }}, ' ')) as words_apart
{%- endmacro %}
