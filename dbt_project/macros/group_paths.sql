{#
    A query: the paths from one group of accounts to another, one row per end, with the sign of its part in the gap and the
    share of a gap that one point is: one account in a hundred that moves one category is one point, and two if it moves two.
#}
{% macro group_paths() -%}
    {%- set paths = [
        ('detractor_to_passive', 'detractor', 'passive', 0.01),
        ('passive_to_promoter', 'passive', 'promoter', 0.01),
        ('detractor_to_promoter', 'detractor', 'promoter', 0.005),
    ] -%}
    {%- for path, from_group, to_group, per_point in paths %}
    {%- set path_number = loop.index %}
    {%- if not loop.first %}
    union all
    {% endif %}
    {%- for nps_group, sign in [(from_group, -1), (to_group, 1)] %}
    {%- if not loop.first %}
    union all
    {%- endif %}
    select
        {{ path_number }} as path_number,
        '{{ path }}' as path,
        '{{ nps_group }}' as nps_group,
        {{ sign }} as sign,
        {{ per_point }} as per_point
    {%- endfor %}
    {%- endfor %}
{%- endmacro %}
