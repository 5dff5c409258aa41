{# A raw value as a 64-bit number; null where it does not parse. "nan", "inf" and "1_0" are words, not numbers. #}
{% macro parse_number(value) -%}{{ return(adapter.dispatch('parse_number')(value)) }}{%- endmacro %}

{% macro default__parse_number(value) -%}
    case
        when {{ text_matches(clean_text(value), text_literal('^[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?$')) }}
            then {{ dbt.safe_cast(clean_text(value), float_type()) }}
    end
{%- endmacro %}

{% macro duckdb__parse_number(value) -%}
    {%- set parsed -%} try_cast(replace(cast({{ value }} as varchar), '_', '?') as double) {%- endset -%}
    case when isfinite({{ parsed }}) then {{ parsed }} end
{%- endmacro %}

{# A cast alone would take "1d", "1f" and "0x1p3" for numbers, and "1e400" for infinity. #}
{% macro spark__parse_number(value) -%}
    {%- set pattern = '^\\s*[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?\\s*$' -%}
    case
        when {{ text_matches('cast(' ~ value ~ ' as string)', text_literal(pattern)) }}
            and abs(try_cast({{ value }} as double)) < double('infinity')
            then try_cast({{ value }} as double)
    end
{%- endmacro %}
