{# Drops what kept_ctes wrote. #}
{% macro forget_ctes(tables) -%}
    {%- for table in tables -%}
        {%- do run_query('drop table if exists ' ~ table) -%}
    {%- endfor -%}
{%- endmacro %}
