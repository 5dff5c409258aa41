{#
    A condition on the rows of a raw table, beside `touched`: in a night in which little has changed, only those files are read
    that came since the last build or hold one of `rows`, a query of _row_number, in which {this} is the table as it was, {units}
    are the touched units and {rows} the rowids of {this} that belong to them. So a file that was read is not parsed again for
    what stands in others.

    Rendered as a comment, as `touched` is.
#}
{% macro touched_files(raw_table, rows, word='and') -%}
    /* {{ word }} touched files of {{ raw_table }}: {{ rows }} */
{%- endmacro %}

{# A query that reads only touched files. A backfill reads all, and so does whoever has no ledger of a table's files. #}
{% macro upkeep_narrowed_to_files(sql, plan) -%}
    {%- set narrowed = namespace(sql=sql) -%}
    {%- set marks = modules.re.findall('(/\\* (where|and) touched files of (\\w+): (.+?) \\*/)', sql, flags=modules.re.DOTALL) -%}
    {%- for whole, word, raw_table, rows in marks if not is_backfill() -%}
        {%- set is_known = run_query(
            "select count(*) as n_files from ledger.raw_files where raw_table = '" ~ raw_table ~ "'"
        ).rows[0]['n_files'] -%}
        {%- if is_known -%}
            {%- set files = upkeep_touched_files(raw_table, upkeep_placed(rows, {
                'this': this | string,
                'units': '(select unit from touched_units)',
                'rows': '(select _row from touched_rows)',
            }), plan) -%}
            {%- set condition = "_source_file in ('" ~ files | join("', '") ~ "')" if files else '1 = 0' -%}
            {%- set narrowed.sql = narrowed.sql.replace(whole, word ~ ' ' ~ condition) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(narrowed.sql) }}
{%- endmacro %}

{# The names of the files of a raw table that hold one of the rows, or came since the last build. #}
{% macro upkeep_touched_files(raw_table, rows, plan) -%}
    {%- set changed = [] -%}
    {%- for unique_id in plan['changed'] -%}
        {%- do changed.append(unique_id.split('.')[-1]) -%}
    {%- endfor -%}
    {%- set found = run_query('
        with files as (
            select
                file_name,
                n_rows,
                sum(n_rows) over (order by rowid) as last_row
            from ledger.raw_files
            where raw_table = \'' ~ raw_table ~ '\'
        )
        select files.file_name
        from files
        semi join (' ~ rows ~ ') as wanted
            on wanted._row_number > files.last_row - files.n_rows and wanted._row_number <= files.last_row
        ' ~ ('union select _source_file from upkeep.changes_of_' ~ raw_table if raw_table in changed) ~ '
    ') -%}
    {{ return(found.columns[0].values() | map('replace', "'", "''") | list) }}
{%- endmacro %}
