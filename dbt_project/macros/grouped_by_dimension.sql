{#
    Sums of the rows of a relation by the given columns, once for the total (`all`, `all`) and once per dimension, in long
    form: `dimension`, `dimension_value`, and the `aggregates` (name: expression). What stacked_by_dimension says once per
    row this says once per group, so that rows are never multiplied. A value that is not there is `unknown`.
#}
{% macro grouped_by_dimension(relation, columns, aggregates, dimensions) -%}
    {%- for dimension in ['all'] + dimensions %}
    {%- if not loop.first %}
    union all
    {% endif -%}
    select
        {% for column in columns %}{{ column }}, {% endfor %}

        cast('{{ dimension }}' as {{ dbt.type_string() }}) as dimension,
        {{ "cast('all' as " ~ dbt.type_string() ~ ')' if dimension == 'all' else 'coalesce(' ~ dimension ~ ", 'unknown')" }}
            as dimension_value,
        {% for name, expression in aggregates.items() %}
        {{ expression }} as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ relation }}
    group by {{ columns | join(', ') }}{{ '' if dimension == 'all' else ', coalesce(' ~ dimension ~ ", 'unknown')" }}
    {% endfor %}
{%- endmacro %}
