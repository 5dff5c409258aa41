{# Whether a regular expression is found anywhere in a text; null where either is null. #}
{% macro text_matches(text, pattern) -%}{{ return(adapter.dispatch('text_matches')(text, pattern)) }}{%- endmacro %}

{% macro default__text_matches(text, pattern) -%}regexp_like({{ text }}, {{ pattern }}){%- endmacro %}

{% macro bigquery__text_matches(text, pattern) -%}regexp_contains({{ text }}, {{ pattern }}){%- endmacro %}

{# regexp_like would want the whole text to match; a group that is not kept has no spelling here, and one that is does no harm. #}
{% macro snowflake__text_matches(text, pattern) -%}
    (regexp_instr({{ text }}, replace({{ pattern }}, '(?:', '(')) > 0)
{%- endmacro %}

{% macro duckdb__text_matches(text, pattern) -%}regexp_matches({{ text }}, {{ pattern }}){%- endmacro %}

{% macro postgres__text_matches(text, pattern) -%}({{ text }} ~ {{ pattern }}){%- endmacro %}
