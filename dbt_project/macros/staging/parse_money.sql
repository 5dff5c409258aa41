{# A raw value as money, decimal(20, 4), by the rules of parse_decimal: below 10^16; null where it does not parse. #}
{% macro parse_money(value) -%}{{ parse_decimal(value, 20, 4) }}{%- endmacro %}
