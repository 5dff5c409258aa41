{#
    Money: six decimals, so that rounding never adds up to a cent, in 64 bits, which is several times as fast as 128. A
    sum is wider until it is cast back; an account that bills a million millions a month stops the build.
#}
{% macro money_type() -%}{{ decimal_type(18, 6) }}{%- endmacro %}
