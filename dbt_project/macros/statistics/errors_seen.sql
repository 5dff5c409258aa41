{#
    How many standard errors a true difference must lie off 0 to be seen with 80 % power by a two-sided test at 5 %, with
    `degrees_of_freedom` >= 1: t at 97.5 % plus t at 80 %. With 8 or more it is within .2 % of that power by the noncentral t,
    with fewer it falls short of it: 79 % with 5, 73 % with 1 (tests/test_power.py).
#}
{% macro errors_seen(degrees_of_freedom) -%}
    ({{ t_quantile(degrees_of_freedom) }} + {{ t_quantile(degrees_of_freedom, '0.8') }})
{%- endmacro %}
