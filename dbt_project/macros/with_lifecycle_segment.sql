{#
    The rows of a relation (`tenure_days`, `inactive_days`, both may be null) with `lifecycle_segment`: the first rule of
    seeds/reference/lifecycle_segments.csv that they meet, `unknown` where they meet none. An empty bound holds for
    anybody; a bound that is set holds for nobody whose days are not known.
#}
{% macro with_lifecycle_segment(relation) -%}
    select
        {{ relation }}.*,
        coalesce(first_rules.lifecycle_segment, 'unknown') as lifecycle_segment
    from {{ relation }}
    left join (
        select
            day_counts.tenure_days,
            day_counts.inactive_days,
            {{ value_at_least('lifecycle_segments.lifecycle_segment', 'lifecycle_segments.priority') }} as lifecycle_segment
        from (
            select distinct
                coalesce(tenure_days, -1) as tenure_days,
                coalesce(inactive_days, -1) as inactive_days
            from {{ relation }}
        ) as day_counts
        cross join lifecycle_segments
        where
            (
                lifecycle_segments.min_tenure_days is null
                or day_counts.tenure_days >= lifecycle_segments.min_tenure_days
            )
            and (
                lifecycle_segments.max_tenure_days is null
                or day_counts.tenure_days between 0 and lifecycle_segments.max_tenure_days
            )
            and (
                lifecycle_segments.min_inactive_days is null
                or day_counts.inactive_days >= lifecycle_segments.min_inactive_days
            )
        group by day_counts.tenure_days, day_counts.inactive_days
    ) as first_rules
        on
            coalesce({{ relation }}.tenure_days, -1) = first_rules.tenure_days
            and coalesce({{ relation }}.inactive_days, -1) = first_rules.inactive_days
{%- endmacro %}
