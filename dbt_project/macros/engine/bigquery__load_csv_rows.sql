{# Before dbt's own: the types that the project gives to columns of seeds are put in BigQuery's words. #}
{% macro bigquery__load_csv_rows(model, agate_table) -%}
    {%- set types = {} -%}
    {%- for name, data_type in model['config'].get('column_types', {}).items() -%}
        {%- do types.update({name: engine_type(data_type)}) -%}
    {%- endfor -%}
    {%- set translated = dict(model, config=dict(model['config'], column_types=types)) -%}
    {{ return(dbt.bigquery__load_csv_rows(translated, agate_table)) }}
{%- endmacro %}
