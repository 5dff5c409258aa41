{#
    What stands between changes: one row per change of a relation (the columns of `by`, `date_day`, `n_change`,
    `points_change`, `promoters_change`, `detractors_change`) with the running totals from `first_day` on and the
    `next_day` on which they change again. Rows of one day hold the same totals; only the last of them has a later next day.
#}
{% macro running_states(changes, by) -%}
    select
        {{ by | join(', ') }},
        date_day as first_day,
        lead(date_day) over (partition by {{ by | join(', ') }} order by date_day) as next_day,
        {% for change, total in [
            ('n_change', 'n_scored'), ('points_change', 'points'), ('promoters_change', 'n_promoters'),
            ('detractors_change', 'n_detractors'),
        ] %}
        {{ as_count(
            'sum(' ~ change ~ ') over (partition by ' ~ by | join(', ')
            ~ ' order by date_day range between unbounded preceding and current row)'
        ) }} as {{ total }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ changes }}
{%- endmacro %}
