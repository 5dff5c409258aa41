{# A raw value as a decimal of the given precision and scale; null where it does not parse or is too large for it. #}
{% macro parse_decimal(value, precision, scale) -%}
    {{ return(adapter.dispatch('parse_decimal')(value, precision, scale)) }}
{%- endmacro %}

{% macro duckdb__parse_decimal(value, precision, scale) -%}
    try_cast({{ value }} as {{ decimal_type(precision, scale) }})
{%- endmacro %}

{% macro spark__parse_decimal(value, precision, scale) -%}
    try_cast({{ value }} as {{ decimal_type(precision, scale) }})
{%- endmacro %}
