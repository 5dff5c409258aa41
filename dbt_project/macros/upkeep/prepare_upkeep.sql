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
            ~ 'n_rows bigint, fingerprint varchar, fingerprint_before varchar, schema_name varchar, table_name varchar)'
        ) -%}
        {# In a copy of a build that an older revision left. #}
        {%- for column in ['schema_name', 'table_name'] -%}
            {%- do run_query('alter table upkeep.tables add column if not exists ' ~ column ~ ' varchar') -%}
        {%- endfor -%}
        {%- do run_query('create table if not exists upkeep.tests (unique_id varchar, definition varchar, inputs varchar)') -%}
        {%- set kept_up = [] -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
            {%- do upkeep_refuse_kind(node) -%}
            {%- if node.config.materialized == 'table' -%}
                {%- do kept_up.append(text_literal(node.unique_id)) -%}
            {%- endif -%}
        {%- endfor -%}
        {# Of what is no table any more, or of another kind, nothing is known. #}
        {%- do run_query('delete from upkeep.tables where unique_id not in (' ~ kept_up | join(', ') ~ ')') -%}
        {%- if not is_nightly() -%}
            {%- do run_query('create table if not exists upkeep.by_hand (invocation_id varchar)') -%}
            {%- do run_query('insert into upkeep.by_hand values (' ~ text_literal(invocation_id) ~ ')') -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro spark__prepare_upkeep() -%}
    {%- if execute -%}
        {%- do run_query('create schema if not exists upkeep') -%}
    {%- endif -%}
{%- endmacro %}

{# Its tables are dbt's own. #}
{% macro databricks__prepare_upkeep() -%}{%- endmacro %}

{# A model of a kind that stands outside the build file, or that has no table to publish, is refused. #}
{% macro upkeep_refuse_kind(node) -%}
    {%- set kind = node.config.materialized -%}
    {%- set is_published = 'published' in node.tags -%}
    {%- if kind not in ['table', 'view', 'incremental', 'ephemeral'] or (kind == 'ephemeral' and is_published) -%}
        {{ exceptions.raise_compiler_error(
            node.original_file_path ~ ': a' ~ (' published' if is_published) ~ ' model cannot be materialized as ' ~ kind
            ~ '. Make it a table.'
        ) }}
    {%- endif -%}
{%- endmacro %}
