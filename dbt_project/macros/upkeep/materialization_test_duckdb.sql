{#
    In place of dbt's own: a test that passed is not asked again of the same rows, and one of a key is asked only of the keys of
    changed rows. By hand, every test is asked.
#}
{% materialization test, adapter='duckdb' %}
    {%- set plan = upkeep_plan('tests') -%}
    {%- set counts = is_nightly() and plan['recorded'] is not none and not is_backfill() -%}
    {%- if counts and not plan['changed'] -%}
        {%- call statement('main', fetch_result=true) -%}
            select 0 as failures, false as should_warn, false as should_error
        {%- endcall -%}
        {{ return({'relations': []}) }}
    {%- endif -%}
    {%- set narrowed = upkeep_narrowed_test(plan) if counts -%}
    {%- if narrowed -%}
        {%- call statement('main', fetch_result=true) -%}
            {{ get_test_sql(narrowed, config.get('fail_calc'), config.get('warn_if'), config.get('error_if'), limit=none) }}
        {%- endcall -%}
    {%- else -%}
        {%- do dbt.materialization_test_default() -%}
    {%- endif -%}
    {%- if is_nightly() and load_result('main')['table'].rows[0]['failures'] == 0 -%}
        {%- call statement('recorded') -%}
            delete from upkeep.tests where unique_id = {{ text_literal(model.unique_id) }};
            insert into upkeep.tests
            select
                {{ text_literal(model.unique_id) }},
                {{ text_literal(plan['definition']) }},
                {{ text_literal(tojson(plan['inputs'], sort_keys=true)) }}
        {%- endcall -%}
        {{ adapter.commit() }}
    {%- endif -%}
    {{ return({'relations': []}) }}
{% endmaterialization %}
