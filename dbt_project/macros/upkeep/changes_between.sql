{# A query of the rows that are in one of two relations alone: of the first as they were (_sign -1), of the second as they are (1). #}
{% macro changes_between(before, now, columns) -%}
    {%- set listed = columns | join(', ') -%}
    select {{ listed }}, _sign
    from (
        select *, sum(_sign) over (partition by {{ row_hash(columns) }}) as _balance
        from (
            select {{ listed }}, 1 as _sign from {{ now }}
            union all
            select {{ listed }}, -1 as _sign from {{ before }}
        ) as signed
    ) as balanced
    where _balance <> 0
{%- endmacro %}

{# The hash of a row. A null counts by its place: the function itself passes it over. #}
{% macro row_hash(columns) -%}
    xxhash64({{ columns | join(', ') }}, array({{ columns | join(' is null, ') }} is null))
{%- endmacro %}

{% macro quoted_columns(relation) -%}
    {{ return(adapter.get_columns_in_relation(relation) | map(attribute='quoted') | list) }}
{%- endmacro %}

{% macro create_anew(table, query) -%}
    {%- do run_query('drop table if exists ' ~ table) -%}
    {%- do run_query('create table ' ~ table ~ ' as\n' ~ query) -%}
{%- endmacro %}
