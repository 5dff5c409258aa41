{#
    A model reads what it names by ref and source, and nothing else: of a file, or of a table by its literal name, no night could
    tell that it has changed. Nor does it ask for a clock or chance. DuckDB itself says what a query names.
#}
{% macro refuse_unknown_reads(sql) -%}
    {%- set known = [this.schema ~ '.' ~ this.identifier] -%}
    {%- for unique_id in upkeep_all_parents() -%}
        {%- set node = graph.sources[unique_id] if unique_id in graph.sources else graph.nodes[unique_id] -%}
        {%- do known.append(node.schema ~ '.' ~ (node.alias or node.identifier or node.name)) -%}
    {%- endfor -%}
    {%- set text = '"((?:[^"\\\\]|\\\\.)*)"' -%}
    {%- set found = run_query("
        with parsed as (select json_serialize_sql(" ~ text_literal(sql) ~ ") as tree),

        tables_named as (
            select distinct unnest(regexp_extract_all(
                tree,
                '\"schema_name\":\"(?:[^\"\\\\]|\\\\.)*\",\"table_name\":\"(?:[^\"\\\\]|\\\\.)*\"'
            )) as named
            from parsed
        ),

        tables_read as (
            select
                regexp_extract(named, '\"schema_name\":" ~ text ~ "', 1) as schema_name,
                regexp_extract(named, '\"table_name\":" ~ text ~ "', 1) as table_name
            from tables_named
        ),

        functions_called as (
            select distinct unnest(regexp_extract_all(tree, '\"function_name\":" ~ text ~ "', 1)) as function_name
            from parsed
        ),

        names_given as (
            select distinct unnest(regexp_extract_all(tree, '\"key\":" ~ text ~ "', 1)) as name
            from parsed
        )

        select concat_ws('.', nullif(schema_name, ''), table_name) as what
        from tables_read
        where
            not (schema_name = '' and table_name in (select name from names_given))
            and concat(schema_name, '.', table_name) not in (" ~ _as_literals(known) ~ ")
        union all
        select function_name || '()'
        from functions_called
        where
            function_name in (
                select function_name from duckdb_functions()
                where stability <> 'CONSISTENT' or function_type = 'table'
            )
            and function_name not in ('unnest', 'range', 'generate_series', 'repeat', 'json_each', 'json_tree', 'error')
        order by what
    ").columns[0].values() | list -%}
    {%- if found -%}
        {{ exceptions.raise_compiler_error(
            model.name ~ ' reads ' ~ found | join(', ') ~ ': a night could not tell that it has changed. Read tables by ref() and '
            ~ 'source(), bring a file in as a seed or a raw table, and take the date from as_of_date().'
        ) }}
    {%- endif -%}
{%- endmacro %}

{# The parents of this node, and where one of them is ephemeral, and so part of the query, its parents too. #}
{% macro upkeep_all_parents() -%}
    {%- set found = [] -%}
    {%- set waiting = model.depends_on.nodes | list -%}
    {%- for _ in range(1000) if waiting -%}
        {%- set unique_id = waiting.pop() -%}
        {%- do found.append(unique_id) -%}
        {%- set node = graph.nodes.get(unique_id) -%}
        {%- if node and node.config.materialized == 'ephemeral' -%}
            {%- do waiting.extend(node.depends_on.nodes) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{% macro _as_literals(texts) -%}
    {%- set literals = [] -%}
    {%- for text in texts -%}
        {%- do literals.append(text_literal(text)) -%}
    {%- endfor -%}
    {{ return(literals | join(', ')) }}
{%- endmacro %}
