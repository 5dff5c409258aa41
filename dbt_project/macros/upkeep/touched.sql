{#
    A condition of a model that says what to recompute (`recompute` in its config): in a night in which little has changed, only
    rows whose `units` is one of the units that this touches are read; in every other build, all rows.

    units: an expression over what is selected from. word: `where` or `and`, whatever the condition begins with.

    Rendered as a comment, so that the query is the same in every night and on every engine; the materialization of tables of
    DuckDB puts the condition in its place.
#}
{% macro touched(units, word='and') -%}
    /* {{ word }} touched: {{ units }} */
{%- endmacro %}
