{#
    Sums of the rows of a relation by the given columns, once for the total (`all`, `all`) and once per dimension, in long
    form: `dimension`, `dimension_value`, and the `aggregates` (name: expression). What stacked_by_dimension says once per
    row this says once per group, so that rows are never multiplied. A value that is not there is `unknown`.

    The rows are read once and all groups are held together; where these are nearly as many as the rows, `at_once` is false:
    the rows are then kept, and one dimension is summed after the other.
#}
{% macro grouped_by_dimension(relation, columns, aggregates, dimensions, at_once=true) -%}
    {%- if at_once and dimensions -%}
        {{ _grouped_at_once(relation, columns, aggregates, dimensions) }}
    {%- else -%}
        {{ _grouped_one_by_one(relation, columns, aggregates, dimensions) }}
    {%- endif -%}
{%- endmacro %}

{% macro _grouped_at_once(relation, columns, aggregates, dimensions) -%}
    select
        {% for column in columns %}{{ column }}, {% endfor %}

        case
            {% for dimension in dimensions %}
            when grouping({{ dimension }}_or_unknown) = 0 then '{{ dimension }}'
            {% endfor %}
            else 'all'
        end as dimension,
        coalesce({{ dimensions | join('_or_unknown, ') }}_or_unknown, 'all') as dimension_value
        {%- for name, expression in aggregates.items() %},
        {{ expression }} as {{ name }}
        {%- endfor %}

    from (
        select
            *
            {%- for dimension in dimensions %},
            coalesce({{ dimension }}, 'unknown') as {{ dimension }}_or_unknown
            {%- endfor %}

        from {{ relation }}
    ) as filled
    group by grouping sets (
        ({{ columns | join(', ') }})
        {%- for dimension in dimensions %},
        ({{ (columns + [dimension ~ '_or_unknown']) | join(', ') }})
        {%- endfor %}

    )
{%- endmacro %}

{% macro _grouped_one_by_one(relation, columns, aggregates, dimensions) -%}
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
