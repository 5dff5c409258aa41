{# A raw value as an integer; null where it does not parse or is not whole: 9.0 is 9, and 6.5 is nothing. #}
{% macro parse_whole_number(value) -%}
    case
        when {{ parse_number(value) }} = floor({{ parse_number(value) }})
            and abs({{ parse_number(value) }}) <= 2147483647
            then cast({{ parse_number(value) }} as integer)
    end
{%- endmacro %}
