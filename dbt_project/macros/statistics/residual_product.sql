{#
    The sum over an account's rows of weight times what the account's mean and the period effects leave of two values, from
    lists over its rows. With deviations u, v from the account's means and effects e, f: sum w (u - e + mean e) (v - f + mean f)
    = sum w u v - sum w u f - sum w v e + sum w e f - (sum w e) (sum w f) / sum w.

    `own` and `effects_of` are the prefixes of the columns: own <first>_<second> (the first sum), <value>_by_period (w u) and
    weight_by_period, and effects <value>_effects and <first>_<second>_effects. `total` is sum w; 0 where the account has no row.
#}
{% macro residual_product(own, effects_of, first, second, total) -%}
    {%- set weights = own ~ 'weight_by_period' -%}
    {%- set first_effects = effects_of ~ first ~ '_effects' -%}
    {%- set second_effects = effects_of ~ second ~ '_effects' -%}
    {{ own ~ first ~ '_' ~ second }}
        - {{ list_dot(own ~ first ~ '_by_period', second_effects) }}
        - {{ list_dot(own ~ second ~ '_by_period', first_effects) }}
        + {{ list_dot(weights, effects_of ~ first ~ '_' ~ second ~ '_effects') }}
        - coalesce(
            {{ list_dot(weights, first_effects) }} * {{ list_dot(weights, second_effects) }} / nullif({{ total }}, 0),
            0e0
        )
{%- endmacro %}
