{# As the adapter does it, but for a path in which a quote would end the text, and a bracket or star would make a pattern of it. #}
{% macro duckdb__load_csv_rows(model, agate_table) -%}
    {%- set path = modules.re.sub('[*?[]', '[\\g<0>]', adapter.get_seed_file_path(model)) -%}
    {%- set sql -%}
        copy {{ this.render() }}
        from {{ text_literal(path) }} (format csv, header true, delimiter '{{ config.get('delimiter', ',') }}')
    {%- endset -%}
    {%- do adapter.add_query(sql, abridge_sql_log=true) -%}
    {{ return(sql) }}
{%- endmacro %}
