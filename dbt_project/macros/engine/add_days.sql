{# A date moved by whole days, as a date; null where either is null. #}
{% macro add_days(day, n) -%}{{ return(adapter.dispatch('add_days')(day, n)) }}{%- endmacro %}

{% macro duckdb__add_days(day, n) -%}({{ day }} + cast({{ n }} as integer)){%- endmacro %}

{% macro spark__add_days(day, n) -%}date_add({{ day }}, cast({{ n }} as int)){%- endmacro %}
