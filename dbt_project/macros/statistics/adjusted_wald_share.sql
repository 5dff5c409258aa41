{# One end of the adjusted Wald interval of a share, `-1` the low and `1` the high, clipped to 0..1: two more of each kind. #}
{% macro adjusted_wald_share(n_yes, n, end) -%}
    greatest(0e0, least(1e0, (
        {{ wald_interval('(' ~ n_yes ~ ' + 2e0)', '0', '(' ~ n ~ ' - ' ~ n_yes ~ ' + 2e0)', end) }} + 100
    ) / 200))
{%- endmacro %}
