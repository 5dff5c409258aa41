{# The ISO 8601 week of a date, as text such as 2026-W27. #}
{% macro iso_week(day) -%}{{ return(adapter.dispatch('iso_week')(day)) }}{%- endmacro %}

{% macro duckdb__iso_week(day) -%}strftime({{ day }}, '%G-W%V'){%- endmacro %}

{% macro spark__iso_week(day) -%}
    concat(extract(yearofweek from {{ day }}), '-W', lpad(extract(week from {{ day }}), 2, '0'))
{%- endmacro %}
