{# The columns that with_cell_numbers gives a relation: the cell of the total, and that of each answer dimension. #}
{% macro cell_columns() -%}
    {%- set columns = ['cell_of_all'] -%}
    {%- for dimension in var('answer_dimensions') -%}
        {%- do columns.append('cell_of_' ~ dimension) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}
