{#
    Money: nine decimals, so that the rounding of a million accounts of a month does not add up to a cent, and nineteen
    digits before them, for sums of 10^18. Nine are also the most that the smaller of BigQuery's two types has.
#}
{% macro money_type() -%}{{ decimal_type(28, 9) }}{%- endmacro %}
