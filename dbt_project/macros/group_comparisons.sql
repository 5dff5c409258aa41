{#
    A query: the groups and the paths between them, one row per group that takes part, with the sign of its part in the
    difference and the share of a gap that one point is (one account in a hundred that moves one category is one point; one
    that moves two is two).
#}
{% macro group_comparisons() -%}
    {%- set rows = [
        ('promoter', 'promoter', 1, 1),
        ('passive', 'passive', 1, 1),
        ('detractor', 'detractor', 1, 1),
        ('detractor_to_passive', 'passive', 1, 0.01),
        ('detractor_to_passive', 'detractor', -1, 0.01),
        ('passive_to_promoter', 'promoter', 1, 0.01),
        ('passive_to_promoter', 'passive', -1, 0.01),
        ('detractor_to_promoter', 'promoter', 1, 0.005),
        ('detractor_to_promoter', 'detractor', -1, 0.005),
    ] -%}
    {%- for comparison, nps_group, sign, per_point in rows %}
    {%- if not loop.first %}
    union all
    {% endif %}
    select
        '{{ comparison }}' as comparison,
        '{{ nps_group }}' as nps_group,
        {{ sign }} as sign,
        {{ per_point }} as per_point,
        {{ 1 if comparison == nps_group else 2 }} as n_groups
    {%- endfor %}
{%- endmacro %}
