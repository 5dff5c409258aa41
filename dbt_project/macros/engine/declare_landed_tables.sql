{#
    Before a build: what was landed outside the engine becomes its source tables. On DuckDB the landing has written them into
    the build file itself.
#}
{% macro declare_landed_tables() -%}{{ return(adapter.dispatch('declare_landed_tables')()) }}{%- endmacro %}

{% macro default__declare_landed_tables() -%}{%- endmacro %}

{# Parquet that the landing handed over, a folder per table (orchestration/spark.py), behind external tables. #}
{% macro spark__declare_landed_tables() -%}
    {%- if execute -%}
        {%- for source in graph.sources.values() -%}
            {%- set table = source.schema ~ '.' ~ source.name -%}
            {%- do run_query('create schema if not exists ' ~ source.schema) -%}
            {%- do run_query('drop table if exists ' ~ table) -%}
            {%- do run_query(
                'create table ' ~ table ~ ' using parquet location '
                ~ text_literal(env_var('NPS_SPARK_FOLDER') ~ '/landed/' ~ source.schema ~ '/' ~ source.name)
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
