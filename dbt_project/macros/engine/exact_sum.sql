{#
    Aggregate: a sum of 64-bit numbers that does not depend on the order in which the rows come, so that the same input
    gives the same bytes with any number of threads. The whole part of each term is summed as a whole number and the rest
    to 18 decimals; both add up exactly, and sums of whole numbers are whole. Terms up to 9e18; null terms do not count.
#}
{% macro exact_sum(term) -%}{{ return(adapter.dispatch('exact_sum')(term)) }}{%- endmacro %}

{% macro default__exact_sum(term) -%}
    {%- set whole = 'cast(' ~ term ~ ' as ' ~ dbt.type_bigint() ~ ')' -%}
    (
        cast(sum({{ whole }}) as {{ float_type() }})
        + cast(sum(cast(({{ term }}) - {{ whole }} as {{ decimal_type(38, 18) }})) as {{ float_type() }})
    )
{%- endmacro %}

{# Sums of 64-bit whole numbers have 128 bits here: the rest as a whole number too, a third of the time of a decimal. #}
{% macro duckdb__exact_sum(term) -%}
    {%- set whole = 'cast(' ~ term ~ ' as bigint)' -%}
    (
        cast(sum({{ whole }}) as double)
        + cast(sum(cast((({{ term }}) - {{ whole }}) * 1e18 as bigint)) as double) / 1e18
    )
{%- endmacro %}

{#
    Sums of 64-bit whole numbers have 64 bits here, and wrap. So both parts are summed in two halves of nine digits each, which
    hold for a thousand million rows; a decimal is made of each term by way of its text, which takes twenty times as long.
#}
{% macro spark__exact_sum(term) -%}
    {%- set whole = 'cast(' ~ term ~ ' as bigint)' -%}
    {%- set rest = 'cast(((' ~ term ~ ') - ' ~ whole ~ ') * 1e18 as bigint)' -%}
    (
        cast(sum({{ whole }} div 1000000000) as double) * 1e9
        + cast(sum({{ whole }} % 1000000000) as double)
        + cast(sum({{ rest }} div 1000000000) as double) / 1e9
        + cast(sum({{ rest }} % 1000000000) as double) / 1e18
    )
{%- endmacro %}
