{#
    As DuckDB's. What is touched is computed beside the table, and compared with what stands there. Then the partitions that hold
    a changed row are overwritten by what stays in them and what comes (insert_overwrite); a table without partitions is written
    once more.
#}
{% macro spark__upkeep_touch(plan) -%}
    {%- set recipe = model.config.meta.get('recompute') -%}
    {%- set queries = upkeep_touched_queries(plan, recipe) if recipe else [] -%}
    {%- if not queries -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set recorded = plan['recorded'] -%}
    {%- set rows = {'hash_sum': recorded['hash_sum'], 'n_rows': recorded['n_rows'], 'fingerprint': recorded['fingerprint']} -%}
    {%- set units = 'upkeep.units_of_' ~ this.identifier -%}
    {%- set is_touched = '(' ~ recipe['unit'] ~ ') in (select unit from ' ~ units ~ ')' -%}
    {%- do create_anew(units, '
        select distinct unit from (' ~ queries | join('\nunion all\n') ~ ') as found (unit) where unit is not null
    ') -%}
    {%- set n_units = run_query('select count(*) from ' ~ units).rows[0][0] -%}
    {%- set leaving = run_query('select count(*) from ' ~ this ~ ' where ' ~ is_touched).rows[0][0] if n_units else 0 -%}
    {%- if leaving > recomputed_share() * (rows['n_rows'] | float) -%}
        {%- do forget_ctes([units]) -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set n_changed = _recomputed(plan, rows, units, is_touched) if n_units else 0 -%}
    {%- if not n_changed -%}
        {%- do upkeep_write_down(plan, rows, recorded.get('fingerprint_before')) -%}
    {%- endif -%}
    {%- do store_raw_result(
        'main', message='RECOMPUTED ' ~ leaving ~ ', CHANGED ' ~ n_changed, code='RECOMPUTED', rows_affected=n_changed | int
    ) -%}
    {%- do forget_ctes([units]) -%}
    {{ return(true) }}
{%- endmacro %}

{# Compute the touched units, and put the rows that changed in their place; how many there are, of those that leave and come. #}
{% macro _recomputed(plan, rows, units, is_touched) -%}
    {%- set columns = quoted_columns(this) -%}
    {%- set listed = columns | join(', ') -%}
    {%- set arriving = 'upkeep.arriving_in_' ~ this.identifier -%}
    {%- set changed = 'upkeep.changing_in_' ~ this.identifier -%}
    {%- set changes = 'upkeep.changes_of_' ~ model.name -%}
    {%- set kept = kept_ctes(upkeep_narrowed(compiled_code, units)) -%}
    {%- do create_anew(arriving, 'select ' ~ listed ~ ' from (' ~ kept['sql'] ~ ') as made where ' ~ is_touched) -%}
    {%- do create_anew(changed, changes_between(this ~ ' where ' ~ is_touched, arriving, columns)) -%}
    {%- set difference = run_query(
        'select cast(sum(_sign * cast(' ~ row_hash(columns) ~ ' as decimal(20, 0))) as string) as hash_sum, '
        ~ 'coalesce(sum(_sign), 0) as n_rows, count(*) as n_changed from ' ~ changed
    ).rows[0] -%}
    {%- if difference['n_changed'] -%}
        {%- do run_query('alter table ' ~ this ~ " unset tblproperties if exists ('upkeep.fingerprint')") -%}
        {%- do run_query('drop table if exists ' ~ changes) -%}
        {%- do run_query('alter table ' ~ changed ~ ' rename to ' ~ changes) -%}
        {%- do _overwrite(columns, '
            select ' ~ listed ~ ' from ' ~ this ~ ' as standing
            where not exists (
                select 1 from (select ' ~ row_hash(columns) ~ ' as _hash from ' ~ changes ~ ' where _sign = -1) as gone
                where gone._hash = ' ~ row_hash(columns) ~ '
            )', changes) -%}
        {%- set hash_sum = rows['hash_sum'] | int + difference['hash_sum'] | int -%}
        {%- set n_rows = rows['n_rows'] | int + difference['n_rows'] | int -%}
        {%- do upkeep_write_down(
            plan,
            {
                'hash_sum': hash_sum,
                'n_rows': n_rows,
                'fingerprint': _fingerprint(hash_sum, n_rows, rows['fingerprint'].split(':')[2]),
            },
            rows['fingerprint'],
        ) -%}
    {%- endif -%}
    {%- do forget_ctes(kept['tables'] + [arriving, changed]) -%}
    {{ return(difference['n_changed'] | int) }}
{%- endmacro %}

{# Put the changed rows of this table in the place of those that left; `staying` is a query of all others. #}
{% macro _overwrite(columns, staying, changes) -%}
    {%- set partition = config.get('partition_by') -%}
    {%- set arriving = '(select ' ~ columns | join(', ') ~ ' from ' ~ changes ~ ' where _sign = 1)' -%}
    {%- if not partition -%}
        {%- set made = this.schema ~ '.' ~ this.identifier ~ '__made' -%}
        {%- do create_anew(made, staying ~ ' union all ' ~ arriving) -%}
        {%- do run_query('drop table ' ~ this) -%}
        {%- do run_query('alter table ' ~ made ~ ' rename to ' ~ this) -%}
    {%- else -%}
        {%- set key = partition if partition is string else partition[0] -%}
        {%- set rows = '(' ~ staying ~ ' and ' ~ key ~ ' in (select ' ~ key ~ ' from ' ~ changes ~ ')) union all ' ~ arriving -%}
        {# Of a partition that no row comes to, nothing would be overwritten. #}
        {%- set emptied = run_query('
            select distinct cast(' ~ key ~ ' as string) from ' ~ changes ~ '
            where ' ~ key ~ ' not in (select ' ~ key ~ ' from (' ~ rows ~ ') as left_over)
        ').columns[0].values() -%}
        {%- do run_query('set spark.sql.sources.partitionOverwriteMode = dynamic') -%}
        {%- call statement('main') -%}
            insert overwrite table {{ this }} partition ({{ key }})
            {{ rows }}
        {%- endcall -%}
        {%- for value in emptied -%}
            {%- do run_query('alter table ' ~ this ~ ' drop if exists partition (' ~ key ~ ' = ' ~ text_literal(value) ~ ')') -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
