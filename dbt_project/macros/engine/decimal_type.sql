{# A decimal of the given precision and scale. #}
{% macro decimal_type(precision, scale) -%}
    {{ return(adapter.dispatch('decimal_type')(precision, scale)) }}
{%- endmacro %}

{% macro default__decimal_type(precision, scale) -%}decimal({{ precision }}, {{ scale }}){%- endmacro %}

{# More than nine decimals, or 29 digits before them, need the larger of two types here. #}
{% macro bigquery__decimal_type(precision, scale) -%}
    {{ 'bignumeric' if scale > 9 or precision - scale > 29 else 'numeric' }}({{ precision }}, {{ scale }})
{%- endmacro %}
