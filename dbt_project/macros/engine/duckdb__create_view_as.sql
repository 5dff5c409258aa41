{# The adapter's own; but a view does not name its database, so that it can be read wherever the file is attached. #}
{% macro duckdb__create_view_as(relation, sql) -%}
    {%- if model.resource_type == 'model' -%}
        {%- do refuse_unknown_reads() -%}
    {%- endif -%}
    {{ return(dbt.duckdb__create_view_as(relation, sql.replace(adapter.quote(this.database) ~ '.', ''))) }}
{%- endmacro %}
