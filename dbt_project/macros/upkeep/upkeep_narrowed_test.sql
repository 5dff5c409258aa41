{#
    The query of a test, over what has changed since it passed; none where that cannot be told.

    Of single rows, the changed rows are asked; of a key, the rows that have a key of a changed row or none; of a reference, the
    changed rows and those that refer to a row that left. A test of its own says in its meta what to ask again, as a model does:
    `recheck`: {'follow': …}, with `touched` in its query.
#}
{% macro upkeep_narrowed_test(plan) -%}
    {%- set recipe = model.config.get('meta', {}).get('recheck') -%}
    {%- if recipe -%}
        {%- set queries = upkeep_touched_queries(plan, recipe) -%}
        {%- if queries -%}
            {%- do upkeep_find_touched_units(queries) -%}
        {%- endif -%}
        {{ return(upkeep_narrowed(compiled_code) if queries else none) }}
    {%- endif -%}
    {%- set test = model.get('test_metadata') or {} -%}
    {%- if test.get('name') in ['accepted_values', 'no_nulls'] -%}
        {{ return(_narrowed_to_changed_rows(plan)) }}
    {%- elif test.get('name') in ['unique', 'unique_key'] -%}
        {{ return(_narrowed_to_changed_keys(plan, test)) }}
    {%- elif test.get('name') == 'relationships' -%}
        {{ return(_narrowed_to_changed_references(plan, test)) }}
    {%- endif -%}
{%- endmacro %}

{% macro _narrowed_to_changed_rows(plan) -%}
    {%- set parents = plan['changed'].keys() | list -%}
    {%- if parents != model.depends_on.nodes or not upkeep_is_followed(plan, parents) -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set table = graph.nodes[parents[0]] -%}
    {{ return(compiled_code.replace(
        table.relation_name, '(select * from upkeep.changes_of_' ~ table.name ~ ' where _sign = 1) as narrowed_rows'
    )) }}
{%- endmacro %}

{% macro _narrowed_to_changed_keys(plan, test) -%}
    {%- set parents = plan['changed'].keys() | list -%}
    {%- if parents != model.depends_on.nodes or not upkeep_is_followed(plan, parents) -%}
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

{% macro _narrowed_to_changed_references(plan, test) -%}
    {%- set parents = plan['changed'].keys() | list -%}
    {%- set column = model.column_name -%}
    {%- set field = test['kwargs']['field'] -%}
    {%- set queries = [] -%}
    {%- if not upkeep_is_followed(plan, parents) -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set child = graph.nodes[model.attached_node] -%}
    {%- for parent in parents -%}
        {%- set changes = 'upkeep.changes_of_' ~ graph.nodes[parent].name -%}
        {%- if parent == model.attached_node -%}
            {%- do queries.append('select * exclude (_sign) from ' ~ changes ~ ' where _sign = 1') -%}
        {%- else -%}
            {%- do queries.append(
                'select * from ' ~ child.relation_name ~ ' where ' ~ column ~ ' in (select ' ~ field ~ ' from '
                ~ changes ~ ' group by ' ~ field ~ ' having sum(_sign) < 0)'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(compiled_code.replace(
        child.relation_name, '(' ~ queries | join(' union all by name ') ~ ') as narrowed_rows'
    )) }}
{%- endmacro %}

{# Whether the changes of parents since the last build are on record. #}
{% macro upkeep_is_followed(plan, parents) -%}
    {%- set followed = [] -%}
    {%- for parent in parents -%}
        {%- set before = plan['recorded']['inputs'].get(parent) -%}
        {%- if before and plan['changed'][parent].get('fingerprint_before') == before -%}
            {%- do followed.append(parent) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(followed == parents) }}
{%- endmacro %}
