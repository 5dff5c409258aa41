{# A raw value as money, decimal(18, 4), by the rules of parse_decimal; null where it does not parse. #}
{% macro parse_money(value) -%}{{ parse_decimal(value, 18, 4) }}{%- endmacro %}
