{# A model's schema is the one its folder names, on every target: BI tools query `marts`, whoever built it. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
