{#
    CTEs that find who survived the merges of the CRM, for a staging model: `merge_outcomes`, one row for each key that was merged, with
    `survivor_id` and `merge_status`: `merged`; `circular` where the chain of merges has no end; `unresolved` where it ends in
    somebody who is not on record, or deleted or set aside.

    The version that counts says it. A deleted one that is silent does not take back what an earlier one said: many tools
    empty the fields of what they delete. One that is not deleted does, for the merge was undone.

    Expects a CTE `judged` with key, merged_into_id, is_deleted, is_superseded, reason, updated_at, loaded_at and _row_number.
#}
{% macro merges_followed(key) -%}
counting as (
    select
        {{ key }} as id,
        coalesce(is_deleted, false) as is_deleted,
        reason
    from judged
    where
        not is_superseded
        and {{ key }} is not null
),

merge_words as (
    select
        {{ key }} as id,
        merged_into_id as next_id,
        is_superseded,
        row_number() over (
            partition by {{ key }}
            order by
                case when is_superseded then 1 else 0 end asc,
                updated_at desc nulls last,
                loaded_at desc nulls last,
                _row_number desc
        ) as place
    from judged
    where
        {{ key }} is not null
        and merged_into_id <> {{ key }}
),

merges_said as (
    select
        merge_words.id,
        merge_words.next_id
    from merge_words
    inner join counting
        on merge_words.id = counting.id
    where
        merge_words.place = 1
        and (counting.is_deleted or not merge_words.is_superseded)
),

-- Into somebody who is not on record nobody was merged.
merge_edges as (
    select merges_said.*
    from merges_said
    inner join counting
        on merges_said.next_id = counting.id
),

{{ chains_followed('merge_edges') }},

merge_outcomes as (
    select
        merges_said.id,
        survivors.id as survivor_id,
        case
            when survivors.id is not null then 'merged'
            when merge_edges_ended.id is not null and merge_edges_ended.end_id is null then 'circular'
            else 'unresolved'
        end as merge_status
    from merges_said
    left join merge_edges_ended
        on merges_said.id = merge_edges_ended.id
    left join counting as survivors
        on
            merge_edges_ended.end_id = survivors.id
            and not survivors.is_deleted
            and survivors.reason is null
)
{%- endmacro %}
