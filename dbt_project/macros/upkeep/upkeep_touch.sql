{#
    Bring a table up to date where its changed parents touch it, if its model says how; whether that was done. Else, or where
    they touch too much of it, it is to be built whole.

    `recompute` of a model's meta: {'unit': an expression over its columns; rows of one unit are recomputed together, 'follow':
    {the name of a parent, or as_of: which units its changes touch}}. Which units: a column of the parent's changed rows, or a
    query, in which {changes} are these rows as they were (_sign -1) and as they are (_sign 1), {this} is the table as it was,
    {before} and {now} are the as-of dates and {as_of} that of this build, as texts, and {name} is any parent. A query may find
    too many units, and never too few. `days`: a query of the units of the days of a backfill, {backfill_from} to {backfill_to}.
#}
{% macro upkeep_touch(plan) -%}{{ return(adapter.dispatch('upkeep_touch')(plan)) }}{%- endmacro %}

{# Other engines leave their tables to dbt. #}
{% macro default__upkeep_touch(plan) -%}{{ return(false) }}{%- endmacro %}

{% macro duckdb__upkeep_touch(plan) -%}
    {%- set recipe = model.config.meta.get('recompute') -%}
    {%- set queries = upkeep_touched_queries(plan, recipe) if recipe else [] -%}
    {%- if not queries or (is_backfill() and not upkeep_is_as_recorded(plan)) -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set changes = 'upkeep.changes_of_' ~ model.name -%}
    {%- set unit = recipe['unit'] -%}
    {%- set rows_that_leave = 'select _row from leaving_rows where _hash in (select _hash from hashes_that_differ)' -%}
    {%- do upkeep_find_touched_units(queries) -%}
    {%- if not run_query('select count(*) as n_units from touched_units').rows[0]['n_units'] -%}
        {%- do upkeep_record_inputs(plan) -%}
        {%- do store_raw_result('main', message='RECOMPUTED 0, CHANGED 0', code='RECOMPUTED', rows_affected=0) -%}
        {%- do upkeep_cleared(['touched_units']) -%}
        {{ return(true) }}
    {%- endif -%}
    {%- call statement('touched_rows') -%}
        create or replace temporary table touched_rows as
        select rowid as _row from {{ this }} where ({{ unit }}) in (select unit from touched_units)
    {%- endcall -%}
    {%- set leaving = run_query('select count(*) as n_rows from touched_rows').rows[0]['n_rows'] -%}
    {%- if leaving > recomputed_share() * (plan['recorded']['n_rows'] | float) -%}
        {%- do upkeep_cleared(['touched_units', 'touched_rows']) -%}
        {{ return(false) }}
    {%- endif -%}
    {%- call statement('leaving_rows') -%}
        create or replace temporary table leaving_rows as
        select t.rowid as _row, hash(t) as _hash from {{ this }} as t where t.rowid in (select _row from touched_rows)
    {%- endcall -%}
    {%- call statement('arriving_rows') -%}
        create or replace temporary table arriving_rows as select * from {{ this }} limit 0
    {%- endcall -%}
    {%- call statement('main') -%}
        insert into arriving_rows by name
        select *
        from (
            {{ upkeep_narrowed(upkeep_narrowed_to_files(compiled_code, plan)) }}
        ) as made
        where ({{ unit }}) in (select unit from touched_units)
    {%- endcall -%}
    {%- call statement('hashes_that_differ') -%}
        create or replace temporary table hashes_that_differ as
        select _hash
        from (
            select 1 as _sign, hash(t) as _hash from arriving_rows as t
            union all
            select -1 as _sign, _hash from leaving_rows
        ) as counted
        group by _hash
        having sum(_sign) <> 0
    {%- endcall -%}
    {%- call statement('changed_rows') -%}
        create or replace temporary table changed_rows as
        select *, 1 as _sign from arriving_rows as t where hash(t) in (select _hash from hashes_that_differ)
        union all
        select *, -1 as _sign from {{ this }} where rowid in ({{ rows_that_leave }})
    {%- endcall -%}
    {%- set n_changed = run_query('select count(*) as n_rows from changed_rows').rows[0]['n_rows'] -%}
    {%- if n_changed -%}
        {%- call statement('changes') -%}
            create or replace table {{ changes }} as select * from changed_rows
        {%- endcall -%}
        {%- call statement('leave') -%}
            delete from {{ this }} where rowid in ({{ rows_that_leave }})
        {%- endcall -%}
        {%- call statement('arrive') -%}
            insert into {{ this }} by name select * exclude (_sign) from changed_rows where _sign = 1
        {%- endcall -%}
    {%- endif -%}
    {%- call statement('recorded') -%}
        with difference as (
            select
                coalesce(sum(_sign * hash_sum), 0) as hash_sum,
                coalesce(sum(_sign * n_rows), 0) as n_rows
            from (
                select 1 as _sign, sum(cast(hash(t) as hugeint)) as hash_sum, count(*) as n_rows
                from (select * exclude (_sign) from changed_rows where _sign = 1) as t
                union all
                select -1 as _sign, sum(cast(hash(t) as hugeint)) as hash_sum, count(*) as n_rows
                from (select * exclude (_sign) from changed_rows where _sign = -1) as t
            ) as signed
        )
        update upkeep.tables
        set
            inputs = {{ text_literal(tojson(plan['inputs'], sort_keys=true)) }},
            hash_sum = tables.hash_sum + difference.hash_sum,
            n_rows = tables.n_rows + difference.n_rows,
            fingerprint = concat(
                tables.hash_sum + difference.hash_sum, ':',
                tables.n_rows + difference.n_rows, ':',
                split_part(tables.fingerprint, ':', 3)
            )
            {%- if n_changed %},
            fingerprint_before = tables.fingerprint
            {%- endif %}
        from difference
        where tables.unique_id = {{ text_literal(model.unique_id) }}
    {%- endcall -%}
    {%- do store_raw_result(
        'main', message='RECOMPUTED ' ~ leaving ~ ', CHANGED ' ~ n_changed, code='RECOMPUTED', rows_affected=n_changed | int
    ) -%}
    {%- do upkeep_cleared([
        'touched_units', 'touched_rows', 'leaving_rows', 'arriving_rows', 'hashes_that_differ', 'changed_rows',
    ]) -%}
    {{ return(true) }}
{%- endmacro %}

{# The units that queries find, as the temporary table touched_units. #}
{% macro upkeep_find_touched_units(queries) -%}
    {%- call statement('touched_units') -%}
        create or replace temporary table touched_units as
        select distinct unit
        from (
            {{ queries | join('\nunion all\n') }}
        ) as found (unit)
        where unit is not null
    {%- endcall -%}
{%- endmacro %}

{# That a table holds what it held, of the inputs that there are now. #}
{% macro upkeep_record_inputs(plan) -%}
    {%- call statement('recorded') -%}
        update upkeep.tables
        set inputs = {{ text_literal(tojson(plan['inputs'], sort_keys=true)) }}
        where unique_id = {{ text_literal(model.unique_id) }}
    {%- endcall -%}
{%- endmacro %}

{% macro upkeep_cleared(tables) -%}
    {%- do run_query('drop table ' ~ tables | join('; drop table ')) -%}
{%- endmacro %}

{# Whether the table holds what its last build left: a backfill is for tables of which somebody thinks that they do not. #}
{% macro upkeep_is_as_recorded(plan) -%}
    {%- set found = run_query(
        'select concat(coalesce(sum(hash(t)), 0), \':\', count(*)) as fingerprint from ' ~ this ~ ' as t'
    ).rows[0]['fingerprint'] -%}
    {{ return(plan['recorded']['fingerprint'].startswith(found ~ ':')) }}
{%- endmacro %}

{# The queries that find the touched units, one for each changed parent; none where one of them cannot be followed. #}
{% macro upkeep_touched_queries(plan, recipe) -%}
    {%- set addresses = {'this': this | string, 'as_of': as_of_day()} -%}
    {%- for unique_id in model.depends_on.nodes -%}
        {%- set node = graph.sources[unique_id] if unique_id in graph.sources else graph.nodes[unique_id] -%}
        {%- do addresses.update({node.name: node.relation_name}) -%}
    {%- endfor -%}
    {%- do addresses.update({
        'backfill_from': env_var('NPS_BACKFILL_FROM', ''), 'backfill_to': env_var('NPS_BACKFILL_TO', ''),
    }) -%}
    {%- set queries = [] -%}
    {%- if is_backfill() -%}
        {%- if not recipe.get('days') -%}
            {{ return(none) }}
        {%- endif -%}
        {%- do queries.append(upkeep_placed(recipe['days'], addresses)) -%}
    {%- endif -%}
    {%- for unique_id, state in plan['changed'].items() -%}
        {%- set parent = unique_id.split('.')[-1] -%}
        {%- set before = plan['recorded']['inputs'].get(unique_id) -%}
        {%- set way = recipe['follow'].get(parent) -%}
        {%- if not way or not before or (unique_id != 'as_of' and state.get('fingerprint_before') != before) -%}
            {{ return(none) }}
        {%- endif -%}
        {%- set changes = 'upkeep.changes_of_' ~ parent -%}
        {%- do queries.append(upkeep_placed(
            way if ' ' in way else 'select ' ~ way ~ ' from {changes}',
            dict(addresses, changes=changes, before=before, now=plan['inputs'][unique_id]),
        )) -%}
    {%- endfor -%}
    {{ return(queries) }}
{%- endmacro %}

{# A text with what belongs in its places. #}
{% macro upkeep_placed(text, places) -%}
    {%- set placed = namespace(text=text) -%}
    {%- for place, what in places.items() -%}
        {%- set placed.text = placed.text.replace('{' ~ place ~ '}', what) -%}
    {%- endfor -%}
    {{ return(placed.text) }}
{%- endmacro %}

{# A query that reads only what is touched; `units` is the table of touched units. #}
{% macro upkeep_narrowed(sql, units='touched_units') -%}
    {%- set by_unit = modules.re.sub(
        '/\\* (where|and) touched: (.+?) \\*/', '\\1 (\\2) in (select unit from ' ~ units ~ ')', sql, flags=modules.re.DOTALL
    ) -%}
    {%- set narrowed = namespace(sql=by_unit) -%}
    {%- for whole, word, condition in modules.re.findall(
        '(/\\* (where|and) touched when: (.+?) \\*/)', by_unit, flags=modules.re.DOTALL
    ) -%}
        {%- set bounded = condition
            .replace('{first}', '(select min(unit) from ' ~ units ~ ')')
            .replace('{last}', '(select max(unit) from ' ~ units ~ ')')
            .replace('{units}', '(select unit from ' ~ units ~ ')') -%}
        {%- set narrowed.sql = narrowed.sql.replace(whole, word ~ ' (' ~ bounded ~ ')') -%}
    {%- endfor -%}
    {{ return(narrowed.sql) }}
{%- endmacro %}
