{# Aggregate: the values of a group as one list, by ascending `position` (whole numbers, never null); nulls are kept. #}
{% macro ordered_list(value, position) -%}{{ return(adapter.dispatch('ordered_list')(value, position)) }}{%- endmacro %}

{# A list of lists, and one with nulls, is here a list of structs; so every list is. #}
{% macro bigquery__ordered_list(value, position) -%}
    array_agg(struct({{ value }} as item) order by {{ position }})
{%- endmacro %}

{# Nulls would be left out, those of JSON are not. #}
{% macro snowflake__ordered_list(value, position) -%}
    array_agg(coalesce(to_variant({{ value }}), parse_json('null'))) within group (order by {{ position }})
{%- endmacro %}

{# Two lists of one group have the same order of rows, and the second says how to sort the first: a third of `order by`. #}
{% macro duckdb__ordered_list(value, position) -%}
    list_select(list({{ value }}), list_grade_up(list({{ position }})))
{%- endmacro %}

{% macro spark__ordered_list(value, position) -%}
    transform(
        array_sort(collect_list(struct({{ position }} as position, {{ value }} as value))), pair -> pair.value
    )
{%- endmacro %}
