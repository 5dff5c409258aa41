{#
    Wald's interval of an NPS from independent answers: one end of it, `-1` the low and `1` the high, in points, not
    clipped. Null where there is no answer. Source: var = (P + D) / n - ((P - D) / n)^2 of one answer's -1, 0, 1.
#}
{% macro wald_interval(n_promoters, n_passives, n_detractors, end, pseudo_answers=0) -%}
    {%- set n = '(' ~ n_promoters ~ ' + ' ~ n_passives ~ ' + ' ~ n_detractors ~ ' + ' ~ pseudo_answers ~ 'e0)' -%}
    {%- set mean = '((' ~ n_promoters ~ ' - ' ~ n_detractors ~ ') / nullif(' ~ n ~ ', 0))' -%}
    {%- set outspoken = '((' ~ n_promoters ~ ' + ' ~ n_detractors ~ ' + ' ~ pseudo_answers ~ 'e0 / 2) / nullif(' ~ n ~ ', 0))' -%}
    (
        100 * {{ mean }}
        + ({{ end }}) * {{ var('interval_z') }}e0
        * 100 * sqrt(greatest({{ outspoken }} - {{ mean }} * {{ mean }}, 0e0) / nullif({{ n }}, 0))
    )
{%- endmacro %}
