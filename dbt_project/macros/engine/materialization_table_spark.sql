{# In place of dbt's own, for the CTEs that are read more than once (kept_ctes). #}
{% materialization table, adapter='spark', supported_languages=['sql'] %}
    {%- set old_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks) }}

    {%- if old_relation is not none -%}
        {{ adapter.drop_relation(old_relation) }}
    {%- endif -%}
    {%- set kept = kept_ctes(sql) -%}
    {%- call statement('main') -%}
        {{ create_table_as(False, target_relation, kept['sql']) }}
    {%- endcall -%}
    {%- do forget_ctes(kept['tables']) -%}

    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
