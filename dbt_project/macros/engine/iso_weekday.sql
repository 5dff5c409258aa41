{# The ISO 8601 day of the week of a date: Monday 1 to Sunday 7. #}
{% macro iso_weekday(day) -%}{{ return(adapter.dispatch('iso_weekday')(day)) }}{%- endmacro %}

{% macro duckdb__iso_weekday(day) -%}extract(isodow from {{ day }}){%- endmacro %}

{% macro spark__iso_weekday(day) -%}extract(dayofweek_iso from {{ day }}){%- endmacro %}
