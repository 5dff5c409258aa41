{# Whole days from one date to another; null where either is null. #}
{% macro days_between(first_day, second_day) -%}{{ return(adapter.dispatch('days_between')(first_day, second_day)) }}{%- endmacro %}

{% macro duckdb__days_between(first_day, second_day) -%}({{ second_day }} - {{ first_day }}){%- endmacro %}

{% macro spark__days_between(first_day, second_day) -%}cast(datediff({{ second_day }}, {{ first_day }}) as bigint){%- endmacro %}
