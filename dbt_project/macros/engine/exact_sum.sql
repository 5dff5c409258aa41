{#
    Aggregate: a sum of 64-bit numbers that does not depend on the order in which the rows come, so that the same input
    gives the same bytes with any number of threads. The whole part of each term is summed as a whole number and the rest
    to 18 decimals; both add up exactly, and sums of whole numbers are whole. Terms up to 1e37, such as the square of a
    sum of money; null terms do not count.

    `is_small` promises terms below 9e18, which spares a third of the time: one account's revenue (a decimal below 1e12), also
    times points and growth, is that small. On DuckDB a larger one is an error, not another sum.
#}
{% macro exact_sum(term, is_small=false) -%}
    {{ return(adapter.dispatch('exact_sum')(term, is_small)) }}
{%- endmacro %}

{% macro default__exact_sum(term, is_small) -%}
    {%- set whole = 'cast(' ~ term ~ ' as ' ~ decimal_type(38, 0) ~ ')' -%}
    (
        cast(sum({{ whole }}) as {{ float_type() }})
        + cast(sum(cast(({{ term }}) - {{ whole }} as {{ decimal_type(38, 18) }})) as {{ float_type() }})
    )
{%- endmacro %}

{# Whole numbers of 128 or 64 bits here, and the rest as a whole number too, a third of the time of a decimal. #}
{% macro duckdb__exact_sum(term, is_small) -%}
    {%- set whole = 'cast(' ~ term ~ ' as ' ~ ('bigint' if is_small else 'hugeint') ~ ')' -%}
    (
        cast(sum({{ whole }}) as double)
        + cast(sum(cast((({{ term }}) - {{ whole }}) * 1e18 as bigint)) as double) / 1e18
    )
{%- endmacro %}

{#
    Sums of 64-bit whole numbers have 64 bits here, and wrap. So each part is summed in two halves of nine digits, which hold
    for a thousand million rows, and put together again once per group: a decimal is made of each term by way of its text,
    which takes twenty times as long. What a term has above 2^60 is summed apart, as how often it holds that.
    `rint` rounds as DuckDB's cast does, so that the digits are the same.
#}
{% macro spark__exact_sum(term, is_small) -%}
    {%- set unit = '1152921504606846976d' -%}
    {%- set high = 'cast((' ~ term ~ ') / ' ~ unit ~ ' as bigint)' -%}
    {%- set low = '((' ~ term ~ ') - ' ~ high ~ ' * ' ~ unit ~ ')' -%}
    {%- set whole = 'cast(rint(' ~ low ~ ') as bigint)' -%}
    {%- set rest = 'cast(rint((' ~ low ~ ' - ' ~ whole ~ ') * 1e18) as bigint)' -%}
    ({{ _sum_of_halves(high) }} * {{ unit }} + {{ _sum_of_halves(whole) }} + {{ _sum_of_halves(rest) }} / 1e18)
{%- endmacro %}

{# The sum of whole numbers as a 64-bit number: thousands of millions, and what is left of each, are added up apart. #}
{% macro _sum_of_halves(number) -%}
    cast(
        cast(sum({{ number }} div 1000000000) as decimal(20, 0)) * 1000000000 + sum({{ number }} % 1000000000) as double
    )
{%- endmacro %}
