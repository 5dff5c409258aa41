{#
    A raw value as a date; null where it does not parse. A timestamp gives the day that it names. "infinity" is a word, not
    a day.
#}
{% macro parse_date(value) -%}{{ return(adapter.dispatch('parse_date')(value)) }}{%- endmacro %}

{% macro duckdb__parse_date(value) -%}
    cast(
        case when isfinite(try_cast({{ value }} as timestamp)) then try_cast({{ value }} as timestamp) end as date
    )
{%- endmacro %}
