{#
    Before a build: where it is written down what each table was made from, and which rows of it changed. On Spark the former
    stands in the properties of the tables. The other engines build every table from nothing.
#}
{% macro prepare_upkeep() -%}{{ return(adapter.dispatch('prepare_upkeep')()) }}{%- endmacro %}

{% macro default__prepare_upkeep() -%}{%- endmacro %}

{% macro duckdb__prepare_upkeep() -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'test', 'seed'] -%}
        {%- do run_query('create schema if not exists upkeep') -%}
        {%- do run_query(
            'create table if not exists upkeep.sources (unique_id varchar, fingerprint varchar, fingerprint_before varchar, '
            ~ 'held varchar)'
        ) -%}
        {%- do run_query(
            'create table if not exists upkeep.tables (unique_id varchar, definition varchar, inputs varchar, hash_sum hugeint, '
            ~ 'n_rows bigint, fingerprint varchar, fingerprint_before varchar)'
        ) -%}
        {%- do run_query('create table if not exists upkeep.tests (unique_id varchar, definition varchar, inputs varchar)') -%}
    {%- endif -%}
{%- endmacro %}

{% macro spark__prepare_upkeep() -%}
    {%- if execute -%}
        {%- do run_query('create schema if not exists upkeep') -%}
    {%- endif -%}
{%- endmacro %}

{# Its tables are dbt's own. #}
{% macro databricks__prepare_upkeep() -%}{%- endmacro %}
