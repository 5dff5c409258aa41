{#
    A condition that every row fulfils, by which a table is made in `n` slices of the whole number `column`, one after the
    other, where the engine cannot let go of what an aggregation holds: lists do not go to disk on DuckDB. A model has one
    such condition at most, ahead of the aggregation.
#}
{% macro in_slices(column, n) -%}{{ return(adapter.dispatch('in_slices')(column, n)) }}{%- endmacro %}

{% macro default__in_slices(column, n) -%}1 = 1{%- endmacro %}

{% macro duckdb__in_slices(column, n) -%}{{ column }} % {{ n }} in ({{ range(n) | join(', ') }}) /* slices */{%- endmacro %}
