{#
    Before a build: what was landed outside the engine becomes its source tables. On DuckDB the landing has written them into
    the build file itself.
#}
{% macro declare_landed_tables() -%}{{ return(adapter.dispatch('declare_landed_tables')()) }}{%- endmacro %}

{% macro default__declare_landed_tables() -%}{%- endmacro %}

{#
    Parquet that the landing handed over, a folder per table (orchestration/spark/handover.py), behind external tables. What is
    known of their content becomes their properties, as upkeep writes them of its own tables.
#}
{% macro spark__declare_landed_tables() -%}
    {%- if execute -%}
        {%- do _declare_landed_table('upkeep', 'sources') -%}
        {%- set known = {} -%}
        {%- for row in run_query('select unique_id, fingerprint, fingerprint_before from upkeep.sources').rows -%}
            {%- do known.update({row['unique_id']: {
                'fingerprint': row['fingerprint'], 'fingerprint_before': row['fingerprint_before'],
            }}) -%}
        {%- endfor -%}
        {%- for source in graph.sources.values() -%}
            {%- set properties = known.get(source.unique_id, {}) -%}
            {%- do _declare_landed_table(source.schema, source.name, properties) -%}
            {%- if properties.get('fingerprint_before') -%}
                {%- do _declare_landed_table('upkeep', 'changes_of_' ~ source.name) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{% macro _declare_landed_table(schema, name, properties={}) -%}
    {%- do run_query('create schema if not exists ' ~ schema) -%}
    {%- do run_query('drop table if exists ' ~ schema ~ '.' ~ name) -%}
    {%- do run_query(
        'create table ' ~ schema ~ '.' ~ name ~ ' using parquet '
        ~ ('tblproperties ' ~ upkeep_properties_written(properties) if properties.values() | select | list)
        ~ ' location ' ~ text_literal(env_var('NPS_SPARK_FOLDER') ~ '/landed/' ~ schema ~ '/' ~ name)
    ) -%}
{%- endmacro %}

{# There whoever runs the project loads them. #}
{% macro databricks__declare_landed_tables() -%}{%- endmacro %}
