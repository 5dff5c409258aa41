{#
    What a node was made from, and what has become of it since: {'definition': a hash of all but the rows that decide what it
    holds, 'inputs': the fingerprint of each parent now, 'recorded': the same of its last build or none, 'changed': the parents
    that are not what they were, each with its state, or none where the last build does not count any more}.

    The as-of date is an input like a parent. It stands in the query as a text, in place of which a word is hashed.
#}
{% macro upkeep_plan(kind) -%}
    {%- set query = compiled_code.replace(as_of_date(), 'as_of') -%}
    {%- set known = upkeep_known(kind) -%}
    {%- set states = known['states'] -%}
    {%- set inputs = {} -%}
    {%- for unique_id in model.depends_on.nodes -%}
        {%- do inputs.update({unique_id: states.get(unique_id, {}).get('fingerprint')}) -%}
    {%- endfor -%}
    {%- if as_of_date() in compiled_code -%}
        {%- do inputs.update({'as_of': as_of_day()}) -%}
    {%- endif -%}
    {%- set columns = {} -%}
    {%- for name, column in (model.get('columns') or {}).items() -%}
        {%- do columns.update({name: [column.get('data_type'), column.get('description')]}) -%}
    {%- endfor -%}
    {%- set definition = local_md5(tojson(
        [
            query, columns, model.get('description'), model.config, model.schema, model.alias, dbt_version,
            env_var('NPS_BUILT_WITH', ''),
        ],
        sort_keys=true
    )) -%}
    {%- set recorded = known['recorded'] if known['recorded'].get('definition') == definition and not flags.FULL_REFRESH -%}
    {%- set changed = {} -%}
    {%- if recorded -%}
        {%- for unique_id, fingerprint in inputs.items() -%}
            {%- if fingerprint is none or recorded['inputs'].get(unique_id) != fingerprint -%}
                {%- do changed.update({unique_id: states.get(unique_id, {})}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return({
        'definition': definition, 'inputs': inputs, 'recorded': recorded or none, 'changed': changed if recorded else none,
    }) }}
{%- endmacro %}

{#
    What stands in upkeep of the node and its parents, in one query: {'recorded': of its last build, 'states': the fingerprints of
    sources, seeds and models now and before their last change}. Those of which nobody can tell have none. A seed is small, and
    told by what was loaded: its file may be another already.
#}
{% macro upkeep_known(kind) -%}{{ return(adapter.dispatch('upkeep_known')(kind)) }}{%- endmacro %}

{# Other engines leave their tables to dbt. #}
{% macro default__upkeep_known(kind) -%}{{ return({'recorded': {}, 'states': {}}) }}{%- endmacro %}

{% macro duckdb__upkeep_known(kind) -%}
    {%- set states = {} -%}
    {%- set seeds = [] -%}
    {%- for unique_id in model.depends_on.nodes if unique_id.startswith('seed.') -%}
        {%- do seeds.append(
            ' union all select \'state\', ' ~ text_literal(unique_id) ~ ', null, null, 0, '
            ~ 'concat(sum(hash(t)), \':\', count(*), \':\', any_value(typeof(t))), null from '
            ~ graph.nodes[unique_id].relation_name ~ ' as t'
        ) -%}
    {%- endfor -%}
    {%- set parents = "'" ~ model.depends_on.nodes | join("', '") ~ "'" -%}
    {%- set found = run_query(
        "select 'recorded' as what, unique_id, definition, inputs, "
        ~ ('n_rows, fingerprint' if kind == 'tables' else '0 as n_rows, null as fingerprint')
        ~ ', null as fingerprint_before from upkeep.' ~ kind ~ ' where unique_id = ' ~ text_literal(model.unique_id)
        ~ ' union all select \'state\', unique_id, null, null, 0, fingerprint, fingerprint_before from upkeep.tables '
        ~ 'where unique_id in (' ~ parents ~ ')'
        ~ ' union all select \'state\', unique_id, null, null, 0, fingerprint, fingerprint_before from upkeep.sources '
        ~ 'where unique_id in (' ~ parents ~ ')' ~ seeds | join
    ) -%}
    {%- set recorded = {} -%}
    {%- for row in found.rows -%}
        {%- if row['what'] == 'recorded' -%}
            {%- do recorded.update({
                'definition': row['definition'], 'inputs': fromjson(row['inputs']), 'n_rows': row['n_rows'],
                'fingerprint': row['fingerprint'],
            }) -%}
        {%- else -%}
            {%- do states.update({row['unique_id']: {
                'fingerprint': row['fingerprint'], 'fingerprint_before': row['fingerprint_before'],
            }}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return({'recorded': recorded, 'states': states}) }}
{%- endmacro %}
