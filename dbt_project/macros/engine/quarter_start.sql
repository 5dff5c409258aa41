{# The first day of the calendar quarter that holds a date, as a date. #}
{% macro quarter_start(day) -%}
    cast({{ dbt.date_trunc('quarter', day) }} as date)
{%- endmacro %}
