{# Which periods are compared: the name of the comparison, of what kind both are, and how many months they are apart. #}
{% macro compared_periods() -%}
    {{ return([('month_on_month', 'month', 1), ('quarter_on_quarter', 'quarter', 3), ('year_on_year', 'quarter', 12)]) }}
{%- endmacro %}
