{#
    Aggregate: the rows of a group as one list, each with the given columns (a list of name and expression), sorted by the
    first of them, which is never null and tells them apart.
#}
{% macro sorted_rows(columns) -%}{{ return(adapter.dispatch('sorted_rows')(columns)) }}{%- endmacro %}

{% macro duckdb__sorted_rows(columns) -%}
    list_sort(list({
        {%- for name, expression in columns %}
        '{{ name }}': {{ expression }}{{ ',' if not loop.last }}
        {%- endfor %}
    }))
{%- endmacro %}

{% macro spark__sorted_rows(columns) -%}
    array_sort(collect_list(named_struct(
        {%- for name, expression in columns %}
        '{{ name }}', {{ expression }}{{ ',' if not loop.last }}
        {%- endfor %}
    )))
{%- endmacro %}
