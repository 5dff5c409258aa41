{# A raw value as a 64-bit number; null where it does not parse. "nan", "inf" and "1_0" are words, not numbers. #}
{% macro parse_number(value) -%}{{ return(adapter.dispatch('parse_number')(value)) }}{%- endmacro %}

{% macro duckdb__parse_number(value) -%}
    {%- set parsed -%} try_cast(replace(cast({{ value }} as varchar), '_', '?') as double) {%- endset -%}
    case when isfinite({{ parsed }}) then {{ parsed }} end
{%- endmacro %}
