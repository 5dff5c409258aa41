{#
    The comparisons of periods: a month with the one before, a quarter with the one before, and a quarter with the same
    quarter of the year before, which the seasons do not move. `period` says of what kind both are, `n_months` how far apart.
#}
{% macro period_comparisons() -%}
    {%- for comparison, period, n_months in compared_periods() %}
    {%- if not loop.first %}
    union all
    {% endif -%}
    select
        {{ loop.index }} as comparison_number,
        '{{ comparison }}' as comparison,
        '{{ period }}' as period,
        {{ n_months }} as n_months
    {%- endfor %}
{%- endmacro %}
