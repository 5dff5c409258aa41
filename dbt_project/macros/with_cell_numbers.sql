{#
    The rows of a relation with the numbers of the cells that they belong to: `cell_of_all`, and `cell_of_<dimension>` for
    each answer dimension, in place of its value. Wants the import CTE `cells` of int_nps_cells_numbered.
#}
{% macro with_cell_numbers(relation, columns) -%}
    select
        {% for column in columns %}{{ relation }}.{{ column }}, {% endfor %}

        {% for dimension in ['all'] + var('answer_dimensions') %}
        cells_of_{{ dimension }}.cell_number as cell_of_{{ dimension }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ relation }}
    {% for dimension in ['all'] + var('answer_dimensions') %}
    inner join cells as cells_of_{{ dimension }}
        on
            {{ relation }}.program_type = cells_of_{{ dimension }}.program_type
            and cells_of_{{ dimension }}.dimension = '{{ dimension }}'
            and cells_of_{{ dimension }}.dimension_value = {{ "'all'" if dimension == 'all' else 'coalesce(' ~ relation ~ '.' ~ dimension ~ ", 'unknown')" }}
    {% endfor %}
{%- endmacro %}
