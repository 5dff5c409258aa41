{# The adapter's own, but for a model with in_slices: its first slice makes the table, and the others are inserted. #}
{% macro duckdb__create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) -%}
    {%- set whole = modules.re.search('in \\(([\\d, ]+)\\) /\\* slices \\*/', compiled_code) if language == 'sql' -%}
    {%- if model.resource_type == 'model' and model.config.materialized != 'table' and language == 'sql' -%}
        {%- do refuse_unknown_reads() -%}
    {%- endif -%}
    {%- if not whole -%}
        {{ return(dbt.duckdb__create_table_as(temporary, relation, compiled_code, language, partitioned_by, sorted_by)) }}
    {%- endif -%}
    {%- for slice in whole.group(1).split(', ') -%}
        {%- set code = compiled_code.replace(whole.group(0), 'in (' ~ slice ~ ')') -%}
        {%- if loop.first -%}
            {{ dbt.duckdb__create_table_as(temporary, relation, code, language, partitioned_by, sorted_by) }}
        {%- else -%}
            insert into {{ relation }}
            {{ code }};
        {%- endif %}
    {% endfor %}
{%- endmacro %}
