{# Months counted from year 0, so that a frame of months is a frame of whole numbers on every engine. #}
{% macro month_index(day) -%}
    (extract(year from {{ day }}) * 12 + extract(month from {{ day }}) - 1)
{%- endmacro %}
