{# Whole days from one date to another; null where either is null. #}
{% macro days_between(first_day, second_day) -%}{{ return(adapter.dispatch('days_between')(first_day, second_day)) }}{%- endmacro %}

{% macro bigquery__days_between(first_day, second_day) -%}date_diff({{ second_day }}, {{ first_day }}, day){%- endmacro %}

{% macro snowflake__days_between(first_day, second_day) -%}datediff(day, {{ first_day }}, {{ second_day }}){%- endmacro %}

{% macro duckdb__days_between(first_day, second_day) -%}({{ second_day }} - {{ first_day }}){%- endmacro %}

{% macro spark__days_between(first_day, second_day) -%}cast(datediff({{ second_day }}, {{ first_day }}) as bigint){%- endmacro %}
