{# As rows_of_days, of relations whose rows are of a month_start. #}
{% macro rows_of_months(unit, relations) -%}
    {{ rows_of_days(unit, relations, 'month_start', add_days(add_months('month_start', 1), -1)) }}
{%- endmacro %}
