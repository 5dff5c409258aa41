{# As DuckDB's. A table whose changes are followed stands until the new one is there to compare with. #}
{% macro spark__upkeep_whole(plan, existing, target, stands) -%}
    {%- set key = model.config.meta.get('compared_by') -%}
    {%- set is_compared = stands and key -%}
    {%- set made = make_intermediate_relation(target) if is_compared else target -%}
    {%- set changes = 'upkeep.changes_of_' ~ model.name -%}
    {%- for relation in [load_cached_relation(made), none if is_compared else existing] if relation is not none -%}
        {%- do adapter.drop_relation(relation) -%}
    {%- endfor -%}
    {%- set kept = kept_ctes(compiled_code) -%}
    {%- call statement('main') -%}
        {{ create_table_as(False, made, kept['sql']) }}
    {%- endcall -%}
    {%- do forget_ctes(kept['tables']) -%}
    {%- set rows = rows_fingerprint(made) -%}
    {%- set recorded = plan['recorded'] if stands else {} -%}
    {%- set is_other = recorded.get('fingerprint') != rows['fingerprint'] -%}
    {%- if is_compared -%}
        {%- if is_other -%}
            {%- do run_query('alter table ' ~ existing ~ " unset tblproperties if exists ('upkeep.fingerprint')") -%}
            {%- do create_anew(changes, changes_between(existing, made, quoted_columns(made))) -%}
        {%- endif -%}
        {%- do adapter.drop_relation(existing) -%}
        {%- do adapter.rename_relation(made, target) -%}
    {%- endif -%}
    {%- do upkeep_write_down(
        plan, rows, (recorded['fingerprint'] if is_compared else none) if is_other else recorded.get('fingerprint_before')
    ) -%}
{%- endmacro %}
