{# {'hash_sum', 'n_rows', 'fingerprint'} of a table, the last of them of its columns as well. #}
{% macro rows_fingerprint(relation) -%}
    {%- set columns = [] -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
        {%- do columns.append(column.quoted ~ ' ' ~ column.dtype) -%}
    {%- endfor -%}
    {%- set found = run_query(
        'select cast(coalesce(sum(cast(' ~ row_hash(quoted_columns(relation)) ~ ' as decimal(20, 0))), 0) as string) as hash_sum, '
        ~ 'count(*) as n_rows from ' ~ relation
    ).rows[0] -%}
    {{ return({
        'hash_sum': found['hash_sum'],
        'n_rows': found['n_rows'],
        'fingerprint': _fingerprint(found['hash_sum'], found['n_rows'], local_md5(columns | join(', '))),
    }) }}
{%- endmacro %}

{% macro _fingerprint(hash_sum, n_rows, columns_hash) -%}{{ return([hash_sum, n_rows, columns_hash] | join(':')) }}{%- endmacro %}
