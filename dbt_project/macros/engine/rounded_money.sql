{# A decimal with more decimals than money, rounded to money. #}
{% macro rounded_money(amount) -%}{{ return(adapter.dispatch('rounded_money')(amount)) }}{%- endmacro %}

{% macro default__rounded_money(amount) -%}cast({{ amount }} as {{ money_type() }}){%- endmacro %}

{#
    Digits are taken off a 128-bit decimal by long division here, bit by bit. A whole number near the amount and the rest, which is
    small, are each converted at once, in a tenth of the time; the rest is exact to more decimals than are kept.
#}
{% macro duckdb__rounded_money(amount) -%}
    {%- set whole = 'cast(cast(' ~ amount ~ ' as double) as bigint)' -%}
    (
        cast({{ whole }} as {{ money_type() }})
        + cast(cast({{ amount }} - {{ whole }} as double) as {{ money_type() }})
    )
{%- endmacro %}
