{# Money: wide enough for any currency's ledger, and fine enough that rounding never adds up to a cent. #}
{% macro money_type() -%}{{ decimal_type(28, 6) }}{%- endmacro %}
