{#
    A raw value as a decimal of the given precision and scale; null where it does not parse or is too large for it. Digits are
    those of ASCII, the decimal mark is a point, and nothing parts the thousands; an exponent is read ("1e3" is 1000).
#}
{% macro parse_decimal(value, precision, scale) -%}
    {{ return(adapter.dispatch('parse_decimal')(value, precision, scale)) }}
{%- endmacro %}

{% macro default__parse_decimal(value, precision, scale) -%}
    case
        when {{ text_matches(clean_text(value), text_literal('^[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?$')) }}
            then {{ dbt.safe_cast(clean_text(value), decimal_type(precision, scale)) }}
    end
{%- endmacro %}

{#
    A cast alone would take "1_500" for 1500; whatever else it takes is a number. Text is read into 64 bits a hundred times as
    fast as into 128, which only the largest numbers need.
#}
{% macro duckdb__parse_decimal(value, precision, scale) -%}
    {%- set text = "replace(cast(" ~ value ~ " as varchar), '_', '?')" -%}
    {%- set wanted = decimal_type(precision, scale) -%}
    {%- if precision > 18 -%}
        cast(coalesce(try_cast({{ text }} as {{ decimal_type(18, scale) }}), try_cast({{ text }} as {{ wanted }})) as {{ wanted }})
    {%- else -%}
        try_cast({{ text }} as {{ wanted }})
    {%- endif -%}
{%- endmacro %}

{# A cast alone would take digits of every script. #}
{% macro spark__parse_decimal(value, precision, scale) -%}
    {%- set pattern = '^\\s*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?\\s*$' -%}
    case
        when {{ text_matches('cast(' ~ value ~ ' as string)', text_literal(pattern)) }}
            then try_cast({{ value }} as {{ decimal_type(precision, scale) }})
    end
{%- endmacro %}
