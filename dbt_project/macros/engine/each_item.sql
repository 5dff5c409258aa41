{# For an expression of list_each(): the item of a list of numbers, or a column of it in a list of sorted_rows(). #}
{% macro each_item(column=none) -%}{{ return(adapter.dispatch('each_item')(column)) }}{%- endmacro %}

{% macro default__each_item(column) -%}item{{ '.' ~ column if column }}{%- endmacro %}

{# The list is a table of entries, each a struct with the item. #}
{% macro bigquery__each_item(column) -%}entry.item{{ '.' ~ column if column }}{%- endmacro %}

{# Items of a list have no type of their own here. #}
{% macro snowflake__each_item(column) -%}item{{ ':' ~ column if column }}::float{%- endmacro %}
