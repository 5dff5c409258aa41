{#
    The grouping of a select list with `grouped_cell_number()`: one group per cell (the total, and each value of each
    account dimension) and the given columns, in one reading of the rows. Wants the columns `<dimension>_cell`; rows in
    which that of a dimension is null make a group without a cell number, which the next step drops.
#}
{% macro grouped_by_cell(columns, alias=none, unit='cell', dimensions=none) -%}
    {%- set prefix = alias ~ '.' if alias else '' -%}
    grouping sets (
        {%- for dimension in ['all'] + (var('account_dimensions') if dimensions is none else dimensions) %}
        ({{ prefix }}{{ dimension }}_{{ unit }}, {{ columns | join(', ') }}){{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
