{#
    The rows of a relation that went through with_cell_numbers, once per cell that they belong to: the given columns and
    `cell_number`. A row is left out of a dimension in which it has no cell.
#}
{% macro numbered_by_dimension(relation, columns) -%}
    {%- for dimension in ['all'] + var('answer_dimensions') %}
    {%- if not loop.first %}
    union all
    {% endif -%}
    select
        cell_of_{{ dimension }} as cell_number,
        {{ columns | join(', ') }}
    from {{ relation }}
    where cell_of_{{ dimension }} is not null
    {% endfor %}
{%- endmacro %}
