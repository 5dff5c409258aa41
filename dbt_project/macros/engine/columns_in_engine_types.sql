{# The columns of a contract, with their types in the engine's words. #}
{% macro columns_in_engine_types(columns) -%}
    {%- set translated = {} -%}
    {%- for name, column in columns.items() -%}
        {%- do translated.update({name: dict(column, data_type=engine_type(column['data_type']))}) -%}
    {%- endfor -%}
    {{ return(translated) }}
{%- endmacro %}
