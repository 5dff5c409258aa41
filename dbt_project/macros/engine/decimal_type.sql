{# A decimal of the given precision and scale. #}
{% macro decimal_type(precision, scale) -%}decimal({{ precision }}, {{ scale }}){%- endmacro %}
