{# Whether a text is a regular expression that the engine understands; null of null. Without a way to try, the engine stops. #}
{% macro is_pattern(text) -%}{{ return(adapter.dispatch('is_pattern')(text)) }}{%- endmacro %}

{% macro default__is_pattern(text) -%}({{ text_matches("''", text) }} is not null){%- endmacro %}

{% macro bigquery__is_pattern(text) -%}(safe.regexp_contains('', {{ text }}) is not null){%- endmacro %}

{% macro duckdb__is_pattern(text) -%}(try(regexp_matches('', {{ text }})) is not null){%- endmacro %}
