{# In place of dbt's own: the types that the project gives to columns of seeds are put in BigQuery's words. #}
{% macro bigquery__load_csv_rows(model, agate_table) -%}
    {%- set types = {} -%}
    {%- for name, data_type in model['config'].get('column_types', {}).items() -%}
        {%- do types.update({name: engine_type(data_type)}) -%}
    {%- endfor -%}
    {%- do adapter.load_dataframe(
        model['database'], model['schema'], model['alias'], agate_table, types, model['config']['delimiter']
    ) -%}
    {%- if config.persist_relation_docs() and 'description' in model -%}
        {%- do adapter.update_table_description(
            model['database'], model['schema'], model['alias'], model['description']
        ) -%}
    {%- endif -%}
{%- endmacro %}
