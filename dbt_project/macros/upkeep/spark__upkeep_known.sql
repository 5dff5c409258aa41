{# As DuckDB's, out of the properties of the tables. Of a seed, which is loaded anew each time, the rows are asked. #}
{% macro spark__upkeep_known(kind) -%}
    {%- set recorded = upkeep_properties(this) if load_cached_relation(this) is not none else {} -%}
    {%- set inputs = {} -%}
    {%- for name, value in recorded.items() if name.startswith('input.') -%}
        {%- do inputs.update({name[6:]: value}) -%}
    {%- endfor -%}
    {%- set states = {} -%}
    {%- for unique_id in model.depends_on.nodes -%}
        {%- set node = graph.sources[unique_id] if unique_id in graph.sources else graph.nodes[unique_id] -%}
        {%- if unique_id.startswith('seed.') -%}
            {%- set relation = api.Relation.create(schema=node.schema, identifier=node.alias) -%}
            {%- do states.update({unique_id: {'fingerprint': rows_fingerprint(relation)['fingerprint']}}) -%}
        {%- else -%}
            {%- do states.update({unique_id: upkeep_properties(node.relation_name)}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return({
        'recorded': dict(recorded, inputs=inputs) if recorded.get('fingerprint') else {},
        'states': states,
    }) }}
{%- endmacro %}
