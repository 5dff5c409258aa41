{# A list of what an expression gives for each item of a list, which is called `item` in it. #}
{% macro list_each(list, expression) -%}{{ return(adapter.dispatch('list_each')(list, expression)) }}{%- endmacro %}

{% macro duckdb__list_each(list, expression) -%}list_transform({{ list }}, lambda item: {{ expression }}){%- endmacro %}

{% macro spark__list_each(list, expression) -%}transform({{ list }}, item -> {{ expression }}){%- endmacro %}
