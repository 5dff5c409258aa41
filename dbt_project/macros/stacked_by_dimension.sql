{#
    The rows of a relation once for the total (`all`, `all`) and once per dimension, in long form: a select with the given
    columns, `dimension` and `dimension_value`. A value that is not there is `unknown`, so that the values of a dimension
    add up to the total whatever turns up in the data.
#}
{% macro stacked_by_dimension(relation, columns, dimensions) -%}
    select
        {{ columns | join(', ') }},
        cast('all' as {{ dbt.type_string() }}) as dimension,
        cast('all' as {{ dbt.type_string() }}) as dimension_value
    from {{ relation }}
    {% for dimension in dimensions %}
    union all
    select
        {{ columns | join(', ') }},
        '{{ dimension }}' as dimension,
        coalesce({{ dimension }}, 'unknown') as dimension_value
    from {{ relation }}
    {% endfor %}
{%- endmacro %}
