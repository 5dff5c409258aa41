{#
    An amount of a line in the reporting currency, as money. What is in it already is not multiplied. The product is one of
    decimals, because a 64-bit number has no cents beyond 10^14; of a rate it takes twelve decimals, before which Spark
    leaves the nine of money.
#}
{% macro converted_money(amount, currency, rate) -%}
    case
        when {{ currency }} = '{{ var("reporting_currency") }}' then cast({{ amount }} as {{ money_type() }})
        else {{ rounded_money('(' ~ amount ~ ' * ' ~ rate ~ ')') }}
    end
{%- endmacro %}
