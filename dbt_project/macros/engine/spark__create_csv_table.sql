{#
    In place of dbt's own, as is spark__load_csv_rows: a seed is created with its rows in one statement. dbt-spark writes
    the rows in a second one, for which the session's connection leaves apostrophes in texts as they are. Whole numbers are
    integers, as they are on DuckDB, and not of 64 bits: a contract wants one type on all engines.
#}
{% macro spark__create_csv_table(model, agate_table) -%}
    {%- set overrides = model['config'].get('column_types', {}) -%}
    {%- set types = {} -%}
    {%- for name in agate_table.column_names -%}
        {%- set inferred = adapter.convert_type(agate_table, loop.index0) | replace('bigint', dbt.type_int()) -%}
        {%- do types.update({name: engine_type(overrides.get(name, inferred))}) -%}
    {%- endfor -%}
    {%- set sql -%}
        create table {{ this }}
        {{ file_format_clause() }}
        {{ location_clause() }}
        {{ comment_clause() }}
        as
        select
        {%- for name, data_type in types.items() %}
            cast({{ name }} as {{ data_type }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
        from values
        {%- for row in agate_table.rows %}
            ({% for value in row %}{{ 'null' if value is none else text_literal(value | string) }}{{ ', ' if not loop.last }}{% endfor %})
            {{- ',' if not loop.last }}
        {%- endfor %}
            as seed ({{ types | join(', ') }})
    {%- endset -%}
    {%- call statement('_') -%}{{ sql }}{%- endcall -%}
    {{ return(sql) }}
{%- endmacro %}
