{#
    The rows of a relation once per cell that they belong to (the total, and their value of each answer dimension), with
    `cell_number`. Wants the import CTE `cells` of int_nps_cells_numbered. See stacked_by_dimension for the long form.
#}
{% macro numbered_by_dimension(relation, columns) -%}
    {%- for dimension in ['all'] + var('answer_dimensions') %}
    {%- if not loop.first %}
    union all
    {% endif -%}
    select
        cells.cell_number,
        {% for column in columns %}{{ relation }}.{{ column }}{{ ', ' if not loop.last }}{% endfor %}

    from {{ relation }}
    inner join cells
        on
            {{ relation }}.program_type = cells.program_type
            and {{ "'all'" if dimension == 'all' else 'coalesce(' ~ relation ~ '.' ~ dimension ~ ", 'unknown')" }} = cells.dimension_value
            and cells.dimension = '{{ dimension }}'
    {% endfor %}
{%- endmacro %}
