{# A raw value as a boolean; null where it does not parse. #}
{% macro parse_boolean(value) -%}{{ return(adapter.dispatch('parse_boolean')(value)) }}{%- endmacro %}

{% macro duckdb__parse_boolean(value) -%}try_cast({{ value }} as boolean){%- endmacro %}
