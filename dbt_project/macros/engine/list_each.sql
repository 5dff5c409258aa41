{# A list of the numbers that an expression gives for each item of a list, which it calls each_item(). #}
{% macro list_each(list, expression) -%}{{ return(adapter.dispatch('list_each')(list, expression)) }}{%- endmacro %}

{% macro bigquery__list_each(list, expression) -%}
    array(select as struct {{ expression }} as item from unnest({{ list }}) as entry with offset as place order by place)
{%- endmacro %}

{% macro snowflake__list_each(list, expression) -%}transform({{ list }}, item -> {{ expression }}){%- endmacro %}

{% macro duckdb__list_each(list, expression) -%}list_transform({{ list }}, lambda item: {{ expression }}){%- endmacro %}

{% macro spark__list_each(list, expression) -%}transform({{ list }}, item -> {{ expression }}){%- endmacro %}
