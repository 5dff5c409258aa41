{#
    What a node was made from, and what has become of it since: {'definition': a hash of all but the rows that decide what it
    holds, 'inputs': the fingerprint of each parent now, 'recorded': the same of its last build or none, 'changed': the parents
    that are not what they were, each with its state, or none where the last build does not count any more}.

    The as-of date is an input like a parent. It stands in the query as a text, in place of which a word is hashed.
#}
{% macro upkeep_plan(kind) -%}
    {%- set as_of = var('as_of_date') or run_started_at.strftime('%Y-%m-%d') -%}
    {%- set query = compiled_code.replace(as_of_date(), 'as_of') -%}
    {%- set states = upkeep_states(model.depends_on.nodes) -%}
    {%- set inputs = {} -%}
    {%- for unique_id in model.depends_on.nodes -%}
        {%- do inputs.update({unique_id: states.get(unique_id, {}).get('fingerprint')}) -%}
    {%- endfor -%}
    {%- if as_of_date() in compiled_code -%}
        {%- do inputs.update({'as_of': as_of}) -%}
        {%- do states.update({'as_of': {}}) -%}
    {%- endif -%}
    {%- set columns = {} -%}
    {%- for name, column in (model.get('columns') or {}).items() -%}
        {%- do columns.update({name: [column.get('data_type'), column.get('description')]}) -%}
    {%- endfor -%}
    {%- set definition = local_md5(tojson(
        [query, columns, model.get('description'), model.config.get('meta'), model.config.get('contract'), dbt_version], sort_keys=true
    )) -%}
    {%- set found = run_query(
        'select definition, inputs' ~ (', fingerprint, n_rows' if kind == 'tables') ~ ' from upkeep.' ~ kind
        ~ ' where unique_id = ' ~ text_literal(model.unique_id)
    ).rows -%}
    {%- set changed = namespace(parents={}) -%}
    {%- set recorded = none -%}
    {%- if found | length == 1 and found[0]['definition'] == definition and not flags.FULL_REFRESH -%}
        {%- set recorded = {'inputs': fromjson(found[0]['inputs'])} -%}
        {%- if kind == 'tables' -%}
            {%- do recorded.update({'fingerprint': found[0]['fingerprint'], 'n_rows': found[0]['n_rows']}) -%}
        {%- endif -%}
        {%- for unique_id, fingerprint in inputs.items() -%}
            {%- if fingerprint is none or recorded['inputs'].get(unique_id) != fingerprint -%}
                {%- do changed.parents.update({unique_id: states[unique_id] if unique_id in states else {}}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return({
        'definition': definition, 'inputs': inputs, 'recorded': recorded,
        'changed': changed.parents if recorded else none,
    }) }}
{%- endmacro %}

{# Of sources, seeds and models: their fingerprints now and before their last change. Not of those of which nobody can tell. #}
{% macro upkeep_states(unique_ids) -%}
    {%- set states = {} -%}
    {%- for unique_id in unique_ids if unique_id.startswith('seed.') -%}
        {%- set seed = graph.nodes[unique_id] -%}
        {%- do states.update({unique_id: {
            'fingerprint': local_md5(tojson([seed.checksum, seed.config.column_types], sort_keys=true)),
        }}) -%}
    {%- endfor -%}
    {%- set listed = unique_ids | map('tojson') | join(', ') | replace('"', "'") -%}
    {%- if listed -%}
        {%- set found = run_query(
            'select unique_id, fingerprint, fingerprint_before from upkeep.tables where unique_id in (' ~ listed ~ ') union all '
            ~ 'select unique_id, fingerprint, fingerprint_before from upkeep.sources where unique_id in (' ~ listed ~ ')'
        ) -%}
        {%- for row in found.rows -%}
            {%- do states.update({row['unique_id']: {
                'fingerprint': row['fingerprint'], 'fingerprint_before': row['fingerprint_before'],
            }}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(states) }}
{%- endmacro %}
