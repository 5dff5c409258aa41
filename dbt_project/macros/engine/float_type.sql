{# 64 bits: dbt's own type_float() has 32 on DuckDB and Spark, which puts a score off by 2e-6. #}
{% macro float_type() -%}{{ return(adapter.dispatch('float_type')()) }}{%- endmacro %}

{% macro default__float_type() -%}double precision{%- endmacro %}

{% macro bigquery__float_type() -%}float64{%- endmacro %}

{% macro duckdb__float_type() -%}double{%- endmacro %}

{% macro spark__float_type() -%}double{%- endmacro %}
