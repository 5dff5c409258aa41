{# In place of dbt's own, by which a table under contract is created: the contract's types are put in BigQuery's words. #}
{% macro bigquery__get_table_columns_and_constraints() -%}
    ({{ adapter.render_raw_columns_constraints(raw_columns=columns_in_engine_types(model['columns'])) | join(', ') }})
{%- endmacro %}
