{# The item of a list at a position counted from 1; null beyond its end. #}
{% macro list_item(list, position) -%}{{ return(adapter.dispatch('list_item')(list, position)) }}{%- endmacro %}

{% macro duckdb__list_item(list, position) -%}({{ list }})[{{ position }}]{%- endmacro %}

{% macro spark__list_item(list, position) -%}try_element_at({{ list }}, {{ position }}){%- endmacro %}
