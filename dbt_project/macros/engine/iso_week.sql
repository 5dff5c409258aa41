{# The ISO 8601 week of a date, as text such as 2026-W27. #}
{% macro iso_week(day) -%}{{ return(adapter.dispatch('iso_week')(day)) }}{%- endmacro %}

{% macro duckdb__iso_week(day) -%}strftime({{ day }}, '%G-W%V'){%- endmacro %}
