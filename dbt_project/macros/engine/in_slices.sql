{#
    A condition that every row fulfils, by which a table is made in `n` slices of `column`, a whole number from 0 that is
    never null, one after the other: where the engine cannot let go of what an aggregation holds, as lists on DuckDB, which
    do not go to disk. A model has one such condition at most, ahead of the aggregation.
#}
{% macro in_slices(column, n) -%}{{ return(adapter.dispatch('in_slices')(column, n)) }}{%- endmacro %}

{% macro default__in_slices(column, n) -%}1 = 1{%- endmacro %}

{% macro duckdb__in_slices(column, n) -%}{{ column }} % {{ n }} in ({{ range(n) | join(', ') }}) /* slices */{%- endmacro %}
