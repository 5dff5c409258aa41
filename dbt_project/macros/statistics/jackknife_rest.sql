{#
    What is left of a sum of denominators once a cluster with this share of it is deleted, where `other_share` is its share in
    effects that were estimated with it and taken off before. See jackknife_ratio.
#}
{% macro jackknife_rest(total, share, other_share) -%}
    {{ total }} * greatest(1 - {{ share }} - {{ other_share }}, (1 - {{ share }}) * (1 - {{ other_share }}) / 2)
{%- endmacro %}
