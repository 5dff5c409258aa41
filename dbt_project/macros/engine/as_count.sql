{# A count as a 64-bit whole number: sums of counts are wider on some engines, and a contract wants one type on all. #}
{% macro as_count(expression) -%}
    cast({{ expression }} as {{ dbt.type_bigint() }})
{%- endmacro %}
