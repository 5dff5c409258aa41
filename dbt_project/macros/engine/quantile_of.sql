{# Aggregate: the value below which a share of the values lies, between two of them on the straight line; nulls do not count. #}
{% macro quantile_of(value, share) -%}{{ return(adapter.dispatch('quantile_of')(value, share)) }}{%- endmacro %}

{% macro duckdb__quantile_of(value, share) -%}quantile_cont({{ value }}, {{ share }}){%- endmacro %}

{% macro spark__quantile_of(value, share) -%}percentile({{ value }}, {{ share }}){%- endmacro %}
