{# The number of the cell of a group of grouped_by_cell: of the cell columns only the one of its grouping set is not null. #}
{% macro grouped_cell_number(alias=none, unit='cell', dimensions=none) -%}
    {%- set prefix = alias ~ '.' if alias else '' -%}
    coalesce(
        {%- for dimension in ['all'] + (var('account_dimensions') if dimensions is none else dimensions) %}
        {{ prefix }}{{ dimension }}_{{ unit }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
