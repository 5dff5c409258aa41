{#
    Aggregate: the rows of a group as one list, each with the given columns, sorted by the first of them, which is never null
    and tells them apart.
#}
{% macro sorted_rows(columns) -%}{{ return(adapter.dispatch('sorted_rows')(columns)) }}{%- endmacro %}

{% macro bigquery__sorted_rows(columns) -%}
    array_agg(struct(struct({{ columns | join(', ') }}) as item) order by {{ columns[0] }})
{%- endmacro %}

{% macro snowflake__sorted_rows(columns) -%}
    array_agg(object_construct_keep_null(
        {%- for column in columns %}
        '{{ column }}', {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    )) within group (order by {{ columns[0] }})
{%- endmacro %}

{% macro duckdb__sorted_rows(columns) -%}
    list_sort(list({
        {%- for column in columns %}
        '{{ column }}': {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    }))
{%- endmacro %}

{% macro spark__sorted_rows(columns) -%}
    array_sort(collect_list(named_struct(
        {%- for column in columns %}
        '{{ column }}', {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    )))
{%- endmacro %}
