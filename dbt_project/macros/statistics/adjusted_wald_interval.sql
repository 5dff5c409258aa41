{#
    The adjusted Wald interval of an NPS from independent answers: one end of it, `-1` the low and `1` the high, in points,
    clipped to -100..100. Three quarters of an answer go to promoters, three quarters to detractors and one and a half to
    passives before Wald's formula; the point estimate stays the plain NPS.
#}
{% macro adjusted_wald_interval(n_promoters, n_passives, n_detractors, end) -%}
    greatest(-100e0, least(100e0, {{ wald_interval(n_promoters, n_passives, n_detractors, end, pseudo_answers=3) }}))
{%- endmacro %}
