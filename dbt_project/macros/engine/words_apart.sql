{#
    One row for each word of a text, parted by single blanks: for a select list, of which the relation selected from is followed by
    join_words_apart() of the same text. Two blanks in a row make an empty word. No row of null.
#}
{% macro words_apart(text) -%}{{ return(adapter.dispatch('words_apart')(text)) }}{%- endmacro %}

{% macro bigquery__words_apart(text) -%}word_apart{%- endmacro %}

{% macro snowflake__words_apart(text) -%}cast(words_apart.value as varchar){%- endmacro %}

{% macro duckdb__words_apart(text) -%}unnest(string_split({{ text }}, ' ')){%- endmacro %}

{% macro spark__words_apart(text) -%}explode(split({{ text }}, ' ')){%- endmacro %}
