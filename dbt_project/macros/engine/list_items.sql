{# The items of a list at the positions of another list, counted from 1, in their order; null beyond the list's end. #}
{% macro list_items(list, positions) -%}{{ return(adapter.dispatch('list_items')(list, positions)) }}{%- endmacro %}

{# A fifth of the time of list_select. #}
{% macro duckdb__list_items(list, positions) -%}
    list_transform({{ positions }}, lambda position: ({{ list }})[position])
{%- endmacro %}

{% macro spark__list_items(list, positions) -%}
    transform({{ positions }}, position -> try_element_at({{ list }}, position))
{%- endmacro %}
