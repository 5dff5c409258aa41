{#
    The part of an amount of money that belongs to the first `n_days` of a service period of `n_days_in_all`, by day; as money.

    Right to the ninth decimal whatever the size: of the whole units, each day's whole number of them is counted in whole
    numbers, and only what is left, less than one unit a day, in 64-bit fractions. All days have exactly the amount.
#}
{% macro earned_share(amount, n_days, n_days_in_all) -%}
    {%- set whole = 'cast(cast(' ~ amount ~ ' as ' ~ float_type() ~ ') as ' ~ dbt.type_bigint() ~ ')' -%}
    {%- set fraction = 'cast(' ~ amount ~ ' - cast(' ~ whole ~ ' as ' ~ money_type() ~ ') as ' ~ float_type() ~ ')' -%}
    (
        cast({{ whole_quotient(whole, n_days_in_all) }} * {{ n_days }} as {{ money_type() }})
        + cast(
            (cast({{ whole }} % {{ n_days_in_all }} as {{ float_type() }}) + {{ fraction }})
            * {{ n_days }} / {{ n_days_in_all }} as {{ money_type() }}
        )
    )
{%- endmacro %}
