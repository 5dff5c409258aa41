{# Before dbt's own, by which a contract is compared with its model: the contract's types are put in BigQuery's words. #}
{% macro bigquery__get_empty_schema_sql(columns) -%}
    {{ return(dbt.bigquery__get_empty_schema_sql(columns_in_engine_types(columns))) }}
{%- endmacro %}
