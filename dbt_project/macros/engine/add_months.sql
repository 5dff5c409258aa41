{# The first day of a month moved by whole months, as a date; null where either is null. #}
{% macro add_months(month_start, n) -%}{{ return(adapter.dispatch('add_months')(month_start, n)) }}{%- endmacro %}

{% macro duckdb__add_months(month_start, n) -%}
    cast({{ month_start }} + to_months(cast({{ n }} as integer)) as date)
{%- endmacro %}

{% macro spark__add_months(month_start, n) -%}add_months({{ month_start }}, cast({{ n }} as int)){%- endmacro %}
