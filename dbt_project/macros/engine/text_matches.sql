{# Whether a regular expression is found anywhere in a text; null where either is null. #}
{% macro text_matches(text, pattern) -%}{{ return(adapter.dispatch('text_matches')(text, pattern)) }}{%- endmacro %}

{% macro default__text_matches(text, pattern) -%}regexp_like({{ text }}, {{ pattern }}){%- endmacro %}

{% macro duckdb__text_matches(text, pattern) -%}regexp_matches({{ text }}, {{ pattern }}){%- endmacro %}

{% macro postgres__text_matches(text, pattern) -%}({{ text }} ~ {{ pattern }}){%- endmacro %}
