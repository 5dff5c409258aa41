{# The part of an amount that belongs to the first `n_days` of a service period of `n_days_in_all`, by day; as money. #}
{% macro earned_share(amount, n_days, n_days_in_all) -%}
    case
        when {{ n_days }} = 0 then 0
        when {{ n_days }} = {{ n_days_in_all }} then cast({{ amount }} as {{ money_type() }})
        else cast(
            cast({{ amount }} as {{ float_type() }}) * {{ n_days }} / {{ n_days_in_all }} as {{ money_type() }}
        )
    end
{%- endmacro %}
