{#
    In place of dbt's own, as the one of DuckDB: what would come out the same is left, what is touched is recomputed and the
    partitions that hold it are overwritten, and every other table is built whole. What a table was made from stands in its own
    properties, so that it goes when the table goes. CTEs that are read more than once are kept (kept_ctes).

    Spark has no transactions: a table has no fingerprint from before it is written to until it is done. What a build left behind
    that was interrupted counts as unknown, and so do its tables to all that is made from them.
#}
{% materialization table, adapter='spark', supported_languages=['sql'] %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set plan = upkeep_plan('tables') -%}
    {%- set stands = existing is not none and plan['recorded'] is not none and not is_backfill() -%}

    {{ run_hooks(pre_hooks) }}
    {%- if stands and not plan['changed'] -%}
        {%- call noop_statement('main', 'UNCHANGED') -%}
            {{ compiled_code }}
        {%- endcall -%}
    {%- elif not (stands and upkeep_touch(plan)) -%}
        {%- do upkeep_whole(plan, existing, target, stands) -%}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
