{# The query of a test of a key, over the rows that have a key of a changed row or none; none where that is not enough. #}
{% macro upkeep_narrowed_test(plan) -%}
    {%- set test = model.get('test_metadata') or {} -%}
    {%- set parents = plan['changed'].keys() | list -%}
    {%- if test.get('name') not in ['unique', 'unique_key'] or parents | length != 1 or parents != model.depends_on.nodes -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set before = plan['recorded']['inputs'].get(parents[0]) -%}
    {%- if not before or plan['changed'][parents[0]].get('fingerprint_before') != before -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set table = graph.nodes[parents[0]] -%}
    {%- set columns = test['kwargs'].get('columns') or [model.column_name] -%}
    {%- set rows -%}
        (
            select keyed.* from {{ table.relation_name }} as keyed
            semi join (select * from upkeep.changes_of_{{ table.name }} where _sign = 1) as changed
                using ({{ columns | join(', ') }})
            union all
            select * from {{ table.relation_name }}
            where {{ columns | join(' is null or ') }} is null
        ) as narrowed_rows
    {%- endset -%}
    {{ return(compiled_code.replace(table.relation_name, rows)) }}
{%- endmacro %}
