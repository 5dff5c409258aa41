{#
    The CTEs of a model over which Spark would stumble, each written into a table of its own until forget_ctes. Spark puts a
    CTE in place of each reading of it, so that one over another over another is planned and computed in powers of the
    readings: a model of fifteen CTEs did not end. DuckDB computes once what is read more than once.

    Gives {'sql': the query over what is kept, 'tables': what is kept}. The cost of a CTE is the tables that are read for it
    once everything is put in place; kept is what is read more than once and would cost more than `bearable` in all. A table is
    written in half a second, so that simple models are left as they are.

    Reads the layout of the house: a CTE begins with `name as (` and ends with `)`, each at the beginning of a line
    (test_each_cte_begins_and_ends_a_line). What stands before the first of them, `with` or the fixtures of a unit test, is kept.
#}
{% macro kept_ctes(sql, bearable=8) -%}
    {%- set re = modules.re -%}
    {%- set bare = re.sub('(?m)--.*$', '', sql) -%}
    {%- set parts = re.split('(?m)^(\\w+) as \\(\\n', bare) -%}
    {%- set clauses = {} -%}
    {%- set tables = [] -%}
    {%- set rest = namespace(sql='') -%}
    {%- for name in parts[1::2] -%}
        {%- set pieces = re.split('(?m)^\\)(?=,?$)', parts[2 * loop.index], maxsplit=1) -%}
        {%- set clause = {'sql': name ~ ' as (\n' ~ pieces[0] ~ ')', 'reads': _relations_read(pieces[0]), 'cost': 0} -%}
        {%- for relation in clause['reads'] -%}
            {%- do clause.update({'cost': clause['cost'] + clauses.get(relation, {'cost': 1})['cost']}) -%}
        {%- endfor -%}
        {%- set n_readings = _relations_read(bare).count(name) -%}
        {%- if n_readings > 1 and clause['cost'] > 1 and n_readings * clause['cost'] > bearable -%}
            {%- set table = this.schema ~ '.' ~ this.identifier ~ '__' ~ name -%}
            {%- set behind = _clauses_behind(clauses, clause['reads']) + [clause['sql']] -%}
            {%- do run_query('drop table if exists ' ~ table) -%}
            {%- do run_query(
                'create table ' ~ table ~ ' as\n' ~ parts[0] ~ behind | join(',\n\n') ~ '\n\nselect * from ' ~ name
            ) -%}
            {%- do tables.append(table) -%}
            {%- do clause.update({'sql': name ~ ' as (\n    select * from ' ~ table ~ '\n)', 'reads': [], 'cost': 1}) -%}
        {%- endif -%}
        {%- do clauses.update({name: clause}) -%}
        {%- set rest.sql = pieces[1] -%}
    {%- endfor -%}
    {%- set behind = _clauses_behind(clauses, _relations_read(rest.sql)) -%}
    {{ return({'sql': parts[0] ~ behind | join(',\n\n') ~ rest.sql if tables else sql, 'tables': tables}) }}
{%- endmacro %}

{# The names after each `from` and `join` of a query, as often as they stand there. #}
{% macro _relations_read(sql) -%}
    {{ return(modules.re.findall('\\b(?:from|join)\\s+([\\w.`]+)', sql)) }}
{%- endmacro %}

{# The clauses that relations are made of, in their order. #}
{% macro _clauses_behind(clauses, relations) -%}
    {%- set wanted = relations | list -%}
    {%- set found = [] -%}
    {%- for name, clause in clauses.items() | list | reverse -%}
        {%- if name in wanted -%}
            {%- do wanted.extend(clause['reads']) -%}
            {%- do found.insert(0, clause['sql']) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
