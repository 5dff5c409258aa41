{# {'hash_sum', 'n_rows', 'fingerprint'} of a table, the last of them of its columns as well. #}
{% macro rows_fingerprint(relation) -%}
    {%- set columns = adapter.get_columns_in_relation(relation) -%}
    {%- set kinds = [] -%}
    {%- for column in columns -%}
        {%- do kinds.append(column.quoted ~ ' ' ~ column.dtype) -%}
    {%- endfor -%}
    {%- set hash = 'cast(' ~ row_hash(columns | map(attribute='quoted') | list) ~ ' as decimal(20, 0))' -%}
    {%- set found = run_query(
        'select cast(coalesce(sum(' ~ hash ~ '), 0) as string) as hash_sum, count(*) as n_rows from ' ~ relation
    ).rows[0] -%}
    {{ return({
        'hash_sum': found['hash_sum'],
        'n_rows': found['n_rows'],
        'fingerprint': _fingerprint(found['hash_sum'], found['n_rows'], local_md5(kinds | join(', '))),
    }) }}
{%- endmacro %}

{% macro _fingerprint(hash_sum, n_rows, columns_hash) -%}{{ return([hash_sum, n_rows, columns_hash] | join(':')) }}{%- endmacro %}
