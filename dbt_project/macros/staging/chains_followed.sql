{#
    CTEs that follow pointers to their end: <edges>_ended, with the id, and as `end_id` the last id of its chain; null where the
    chain runs in a circle. `edges` is a CTE of at most one row for each id, with `next_id`, which is another id.

    Each round doubles the steps, so that six rounds follow chains of 64; a longer one is taken for a circle. No recursion, which
    not every engine has. Stands at the beginning of a line, as CTEs do (macro kept_ctes).
#}
{% macro chains_followed(edges, rounds=6) -%}
{%- for round in range(rounds) %}
{%- set before = edges if loop.first else edges ~ '_' ~ round %}
{{ edges }}_{{ loop.index }} as (
    select
        steps.id,
        coalesce(onward.next_id, steps.next_id) as next_id
    from {{ before }} as steps
    left join {{ before }} as onward
        on steps.next_id = onward.id
),
{% endfor %}
{{ edges }}_ended as (
    select
        followed.id,
        case when onward.id is null then followed.next_id end as end_id
    from {{ edges }}_{{ rounds }} as followed
    left join {{ edges }} as onward
        on followed.next_id = onward.id
)
{%- endmacro %}
