{#
    An amount in the reporting currency, as money. What is in it already is not multiplied. The product is one of 64-bit
    numbers: its relative error of 1e-16 is under a cent below a hundred million millions, and decimals wide enough for
    every product take twenty times as long.
#}
{% macro converted_money(amount, currency, rate) -%}
    case
        when {{ currency }} = '{{ var("reporting_currency") }}' then {{ amount }}
        else cast(cast({{ amount }} as {{ float_type() }}) * {{ rate }} as {{ money_type() }})
    end
{%- endmacro %}
