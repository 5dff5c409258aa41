{#
    The interval of a weighted score: one end of it, `-1` the low and `1` the high, in points, not clipped, over cells that
    have nps, std_error and effective_clusters (of jackknife_ratio).

    Adjusted Wald with the effective clusters as answers: an answer's variance is what the jackknife says it is, error^2 times
    the effective clusters, and three answers are added to both ends and the middle as in wald_interval. Null where the error is.
#}
{% macro adjusted_jackknife_interval(end) -%}
    {%- set n = '(effective_clusters + 3e0)' -%}
    {%- set mean = '(effective_clusters * nps / ' ~ n ~ ')' -%}
    {%- set squares = 'effective_clusters * (effective_clusters * std_error * std_error + nps * nps) + 15000e0' -%}
    (
        {{ mean }}
        + ({{ end }}) * {{ var('interval_z') }}e0 * sqrt(greatest(({{ squares }}) / {{ n }} - {{ mean }} * {{ mean }}, 0e0) / {{ n }})
    )
{%- endmacro %}
