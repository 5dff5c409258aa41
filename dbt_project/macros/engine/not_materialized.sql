{#
    Before the bracket of a CTE: work it out at each reading, instead of writing it down once for all of them. For one that is
    little work over many rows, such as a filter or a projection, of which a copy would only fill the memory.
#}
{% macro not_materialized() -%}{{ return(adapter.dispatch('not_materialized')()) }}{%- endmacro %}

{% macro default__not_materialized() -%}{{ return('') }}{%- endmacro %}

{% macro duckdb__not_materialized() -%}{{ return('not materialized ') }}{%- endmacro %}
