{#
    For `recompute` in a config: the months whose scores the changes of int_nps_answers_ranked move. Whether an answer still
    stands is no matter of a month.
#}
{% macro months_recounted() -%}
    select month_start from {{ changed_in(cell_columns() + [
        'cluster_number', 'nps_points', 'waterfall_rank', 'n_latest', 'trailing_revenue_12m', 'is_linked', 'is_alone_in_month',
        'month_start',
    ]) }}
{%- endmacro %}
