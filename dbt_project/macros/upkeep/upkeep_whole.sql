{#
    Build a table whole and put it in the place of the one that is there. `compared_by` of a model's meta is its key: by it the
    changed rows are found, so that what hangs on the table can follow them. `dated` is a column that is the as-of date, where the
    model asks for the date nowhere else: where nothing but the date has changed, it is set, and nothing is computed.
#}
{% macro upkeep_whole(plan, existing, target, stands) -%}
    {{ return(adapter.dispatch('upkeep_whole')(plan, existing, target, stands)) }}
{%- endmacro %}

{# Other engines leave their tables to dbt. #}
{% macro default__upkeep_whole(plan, existing, target, stands) -%}{%- endmacro %}

{% macro duckdb__upkeep_whole(plan, existing, target, stands) -%}
    {%- set made = make_intermediate_relation(target) -%}
    {%- set key = model.config.meta.get('compared_by') -%}
    {%- set changes = 'upkeep.changes_of_' ~ model.name -%}
    {%- set dated = model.config.meta.get('dated') -%}
    {%- set asks_once = dated and compiled_code.count(as_of_date()) == 1 and as_of_date() ~ ' as ' ~ dated in compiled_code -%}
    {%- set is_dated_alone = asks_once and stands and plan['changed'].keys() | list == ['as_of'] and not is_backfill() -%}
    {%- set set_date -%}
        select * replace ({{ as_of_date() }} as {{ dated }}) from {{ existing }}
    {%- endset -%}
    {%- do drop_relation_if_exists(load_cached_relation(made)) -%}
    {%- call statement('main') -%}
        {{ create_table_as(False, made, set_date if is_dated_alone else compiled_code) }}
    {%- endcall -%}
    {%- set found = upkeep_rows_of(made) -%}
    {%- set fingerprint = found['fingerprint'] -%}
    {%- set is_other = not stands or plan['recorded']['fingerprint'] != fingerprint -%}
    {%- set followed = stands and is_other and key -%}
    {%- if followed -%}
        {%- call statement('changes') -%}
            create or replace table {{ changes }} as
            {%- for sign, ours, theirs in [(1, made, existing), (-1, existing, made)] %}
            select ours.*, {{ sign }} as _sign
            from {{ ours }} as ours
            anti join (select {{ key }} as _key, hash(t) as _hash from {{ theirs }} as t) as theirs
                on ours.{{ key }} = theirs._key and hash(ours) = theirs._hash
            {{ 'union all' if not loop.last }}
            {%- endfor %}
        {%- endcall -%}
    {%- endif -%}
    {%- if existing is not none -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- do adapter.rename_relation(made, target) -%}
    {%- do create_indexes(target) -%}
    {%- do persist_docs(target, model) -%}
    {%- if not is_other -%}
        {%- do upkeep_record_inputs(plan) -%}
    {%- else -%}
        {%- call statement('recorded') -%}
            delete from upkeep.tables where unique_id = {{ text_literal(model.unique_id) }};
            insert into upkeep.tables
            select
                {{ text_literal(model.unique_id) }},
                {{ text_literal(plan['definition']) }},
                {{ text_literal(tojson(plan['inputs'], sort_keys=true)) }},
                {{ found['hash_sum'] }},
                {{ found['n_rows'] }},
                {{ text_literal(fingerprint) }},
                {{ text_literal(plan['recorded']['fingerprint']) if followed else 'null' }},
                {{ text_literal(this.schema) }},
                {{ text_literal(this.identifier) }}
        {%- endcall -%}
    {%- endif -%}
{%- endmacro %}

{# {'hash_sum', 'n_rows', 'fingerprint'} of a table, the last of them of its columns as well. #}
{% macro upkeep_rows_of(relation) -%}
    {%- call statement('fingerprint', fetch_result=true) -%}
        select
            cast(coalesce(sum(hash(*columns(*))), 0) as varchar) as hash_sum,
            count(*) as n_rows,
            (
                select md5(string_agg(concat(column_name, ' ', data_type), ', ' order by column_index))
                from duckdb_columns()
                where
                    database_name = current_database()
                    and schema_name = {{ text_literal(relation.schema) }}
                    and table_name = {{ text_literal(relation.identifier) }}
            ) as columns_hash
        from {{ relation }}
    {%- endcall -%}
    {%- set found = load_result('fingerprint')['table'].rows[0] -%}
    {{ return({
        'hash_sum': found['hash_sum'],
        'n_rows': found['n_rows'],
        'fingerprint': [found['hash_sum'], found['n_rows'], found['columns_hash']] | join(':'),
    }) }}
{%- endmacro %}

{# What a table holds after hooks have worked on it, which the record is to say. #}
{% macro upkeep_record_rows() -%}
    {%- set found = upkeep_rows_of(this) -%}
    {%- call statement('recorded') -%}
        update upkeep.tables
        set
            hash_sum = {{ found['hash_sum'] }},
            n_rows = {{ found['n_rows'] }},
            fingerprint = {{ text_literal(found['fingerprint']) }},
            fingerprint_before = null
        where unique_id = {{ text_literal(model.unique_id) }}
    {%- endcall -%}
    {%- do adapter.commit() -%}
{%- endmacro %}
