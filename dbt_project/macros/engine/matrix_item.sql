{# The number in a row and a column, both counted from 1, of a list of lists of numbers; null beyond their ends. #}
{% macro matrix_item(matrix, row, column) -%}{{ return(adapter.dispatch('matrix_item')(matrix, row, column)) }}{%- endmacro %}

{% macro bigquery__matrix_item(matrix, row, column) -%}
    {{ matrix }}[safe_ordinal({{ row }})].item[safe_ordinal({{ column }})].item
{%- endmacro %}

{# Positions count from 0 here. #}
{% macro snowflake__matrix_item(matrix, row, column) -%}
    get(get({{ matrix }}, {{ row }} - 1), {{ column }} - 1)::float
{%- endmacro %}

{% macro duckdb__matrix_item(matrix, row, column) -%}(({{ matrix }})[{{ row }}])[{{ column }}]{%- endmacro %}

{% macro spark__matrix_item(matrix, row, column) -%}
    try_element_at(try_element_at({{ matrix }}, {{ row }}), {{ column }})
{%- endmacro %}
