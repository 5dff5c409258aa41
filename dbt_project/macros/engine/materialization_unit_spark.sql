{# In place of dbt's own, for the CTEs that are read more than once (kept_ctes): a unit test is made of the model's query. #}
{% materialization unit, adapter='spark' %}
    {%- set kept = kept_ctes(sql) -%}
    {%- set expected_rows = config.get('expected_rows') -%}
    {%- set expected_sql = config.get('expected_sql') -%}
    {%- set temp_relation = make_temp_relation(this.incorporate(type='table')) -%}
    {%- do run_query(get_create_table_as_sql(True, temp_relation, get_empty_subquery_sql(kept['sql']))) -%}
    {%- set types = {} -%}
    {%- set quoted = {} -%}
    {%- for column in adapter.get_columns_in_relation(temp_relation) -%}
        {%- do types.update({column.name | lower: column.data_type}) -%}
        {%- do quoted.update({column.name | lower: column.quoted}) -%}
    {%- endfor -%}
    {%- set names = expected_rows[0].keys() if expected_rows else get_columns_in_query(kept['sql']) -%}
    {%- set tested = [] -%}
    {%- for name in names -%}
        {%- do tested.append(quoted[name | lower]) -%}
    {%- endfor -%}
    {%- call statement('main', fetch_result=True) -%}
        {{ get_unit_test_sql(kept['sql'], expected_sql or get_expected_sql(expected_rows, types, quoted), tested) }}
    {%- endcall -%}
    {%- do adapter.drop_relation(temp_relation) -%}
    {%- do forget_ctes(kept['tables']) -%}
    {{ return({'relations': []}) }}
{% endmaterialization %}
