{# An amount in the reporting currency, as money. What is in it already is not multiplied: wide decimals are slow to. #}
{% macro converted_money(amount, currency, rate) -%}
    case
        when {{ currency }} = '{{ var("reporting_currency") }}' then {{ amount }}
        else cast({{ amount }} * {{ rate }} as {{ money_type() }})
    end
{%- endmacro %}
