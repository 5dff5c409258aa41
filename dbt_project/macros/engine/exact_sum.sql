{#
    Aggregate: a sum of 64-bit numbers that does not depend on the order in which the rows come. Each term is taken to 18
    decimals, which add up exactly, so the same input gives the same bytes with any number of threads. Terms up to 1e19.
#}
{% macro exact_sum(term) -%}
    cast(sum(cast({{ term }} as {{ decimal_type(38, 18) }})) as {{ float_type() }})
{%- endmacro %}
