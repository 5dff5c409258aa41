{#
    In place of dbt's own: a table that would be made again of the same query and the same rows is left as it is; one whose model
    says what its parents touch is recomputed there (upkeep_touch); every other is built whole. Whether rows are the same is told
    by their fingerprint (the sum of their hashes, their number, their columns), so all ends here when a table comes out as it was.

    Table and fingerprint change in one transaction. What a build left behind that was interrupted holds for the next.

    By hand, dbt makes what it is asked for. A model with hooks is made every time: nobody can tell what they read or change.
#}
{% materialization table, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set plan = upkeep_plan('tables') -%}
    {%- if plan['recorded'] is none -%}
        {%- do refuse_unknown_reads() -%}
    {%- endif -%}
    {%- set has_hooks = (pre_hooks + post_hooks) | length > 0 -%}
    {%- set is_known = is_nightly() and not has_hooks and plan['recorded'] is not none -%}
    {%- set stands = existing is not none and existing.is_table and is_known -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if stands and not plan['changed'] and not is_backfill() -%}
        {%- call noop_statement('main', 'UNCHANGED') -%}
            {{ compiled_code }}
        {%- endcall -%}
    {%- elif not (stands and upkeep_touch(plan)) -%}
        {%- do upkeep_whole(plan, existing, target, stands) -%}
    {%- endif -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {%- if has_hooks -%}
        {%- do upkeep_record_rows() -%}
    {%- endif -%}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
