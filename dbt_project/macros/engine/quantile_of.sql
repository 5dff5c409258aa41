{# Aggregate: the value below which a share of the values lies, between two of them on the straight line; nulls do not count. #}
{% macro quantile_of(value, share) -%}{{ return(adapter.dispatch('quantile_of')(value, share)) }}{%- endmacro %}

{# The engine has quantiles of a window and approximate ones of a group; so this takes its two neighbours from the sorted list. #}
{% macro bigquery__quantile_of(value, share) -%}
    {%- set sorted = 'array_agg(' ~ value ~ ' ignore nulls order by ' ~ value ~ ')' -%}
    {%- set place = '(' ~ share ~ ' * (count(' ~ value ~ ') - 1))' -%}
    {%- set below = sorted ~ '[safe_offset(cast(floor(' ~ place ~ ') as int64))]' -%}
    {%- set above = sorted ~ '[safe_offset(cast(ceil(' ~ place ~ ') as int64))]' -%}
    ({{ below }} + ({{ above }} - {{ below }}) * ({{ place }} - floor({{ place }})))
{%- endmacro %}

{% macro snowflake__quantile_of(value, share) -%}
    percentile_cont({{ share }}) within group (order by {{ value }})
{%- endmacro %}

{% macro duckdb__quantile_of(value, share) -%}quantile_cont({{ value }}, {{ share }}){%- endmacro %}

{% macro spark__quantile_of(value, share) -%}percentile({{ value }}, {{ share }}){%- endmacro %}
