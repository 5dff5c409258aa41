{#
    A query: the _row_number of each row that another row of the same key replaces. The latest version counts, that is the
    latest of the given columns in their order (null is oldest), then the last row in file order, so that the second copy of
    one version replaces the first. Rows without a key are not versions of anything.

    Only keys that occur more than once are put in order, which spares a sort of the whole table.
#}
{% macro superseded_rows(relation, key, version=['updated_at', 'loaded_at']) -%}
    select ranked._row_number
    from (
        select
            versions._row_number,
            row_number() over (
                partition by
                    {%- for column in key %}
                    versions.{{ column }}{{ ',' if not loop.last }}
                    {%- endfor %}
                order by
                    {%- for column in version %}
                    versions.{{ column }} desc nulls last,
                    {%- endfor %}
                    versions._row_number desc
            ) as version_rank
        from {{ relation }} as versions
        inner join (
            select {{ key | join(', ') }}
            from {{ relation }}
            where
                {%- for column in key %}
                {{ 'and ' if not loop.first }}{{ column }} is not null
                {%- endfor %}
            group by {{ key | join(', ') }}
            having count(*) > 1
        ) as repeated
            on
                {%- for column in key %}
                {{ 'and ' if not loop.first }}versions.{{ column }} = repeated.{{ column }}
                {%- endfor %}
    ) as ranked
    where ranked.version_rank > 1
{%- endmacro %}
