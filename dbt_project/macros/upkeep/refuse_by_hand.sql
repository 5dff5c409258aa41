{#
    Before anything is written: dbt by hand does not work on the file of the nightly job, because what it leaves there would be
    published. The file is told by the writer's lock that lies beside it (orchestration/release/warehouse.py).
#}
{% macro refuse_by_hand() -%}{{ return(adapter.dispatch('refuse_by_hand')()) }}{%- endmacro %}

{% macro default__refuse_by_hand() -%}{%- endmacro %}

{% macro duckdb__refuse_by_hand() -%}
    {%- if execute and not is_nightly() -%}
        {%- set file = run_query('select path from duckdb_databases() where database_name = current_database()').rows[0]['path'] -%}
        {%- set folder = modules.re.sub('[^/\\\\]*$', '', file or '') -%}
        {%- set lock = modules.re.sub('([\\[*?])', '[\\1]', folder) ~ 'writer.lock' -%}
        {%- if file and run_query('select count(*) as n from glob(' ~ text_literal(lock) ~ ')').rows[0]['n'] -%}
            {{ exceptions.raise_compiler_error(
                file ~ ' belongs to the nightly job, and what dbt leaves there by hand would be published. Work on a file of your '
                ~ 'own: run `make dev`, then dbt without --target.'
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
