{#
    Aggregate: a sum of 64-bit numbers that does not depend on the order in which the rows come, so that the same input
    gives the same bytes with any number of threads. The whole part of each term is summed as a whole number and the rest
    to 18 decimals; both add up exactly, and sums of whole numbers are whole. Terms up to 9e18.
#}
{% macro exact_sum(term) -%}
    {%- set whole = 'cast(' ~ term ~ ' as ' ~ dbt.type_bigint() ~ ')' -%}
    (
        cast(sum({{ whole }}) as {{ float_type() }})
        + cast(sum(cast(({{ term }}) - {{ whole }} as {{ decimal_type(38, 18) }})) as {{ float_type() }})
    )
{%- endmacro %}
