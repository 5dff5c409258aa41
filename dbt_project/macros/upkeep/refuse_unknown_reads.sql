{#
    A model reads what it names by ref and source, and nothing else: of a file, or of a table by its literal name, no night could
    tell that it has changed. Nor does it ask for a clock or chance. DuckDB itself says what a query names.
#}
{% macro refuse_unknown_reads() -%}
    {%- set known = [(this.schema ~ '.' ~ this.identifier) | lower] -%}
    {%- for unique_id in upkeep_all_parents() -%}
        {%- set node = graph.sources[unique_id] if unique_id in graph.sources else graph.nodes[unique_id] -%}
        {%- do known.append((node.schema ~ '.' ~ (node.alias or node.identifier or node.name)) | lower) -%}
    {%- endfor -%}
    {%- set tree = run_query('select json_serialize_sql(' ~ text_literal(model.compiled_code) ~ ')').columns[0].values()[0] -%}
    {%- set text = '"((?:[^"\\\\]|\\\\.)*)"' -%}
    {%- set named_here = modules.re.findall('"key":' ~ text, tree) -%}
    {%- set found = [] -%}
    {%- if '"error_type":"not implemented"' in tree[:100] -%}
        {%- do found.append('what DuckDB cannot name (a pivot over values found in the data)') -%}
    {%- endif -%}
    {%- for schema, table in modules.re.findall('"schema_name":' ~ text ~ ',"table_name":' ~ text, tree) -%}
        {%- if not (schema == '' and table in named_here) and (schema ~ '.' ~ table) | lower not in known -%}
            {%- do found.append(schema ~ ('.' if schema) ~ table) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set constant = ['unnest', 'range', 'generate_series', 'repeat', 'json_each', 'json_tree'] -%}
    {%- for function in modules.re.findall('"type":"TABLE_FUNCTION".*?"function_name":' ~ text, tree) -%}
        {%- if function | lower not in constant -%}
            {%- do found.append(function ~ '()') -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set clocks = '(get_)?(current_|local)(date|time|timestamp|localtime|localtimestamp)' -%}
    {%- set inconstant = clocks ~ '|now|today|transaction_timestamp|random|uuid(v\\d)?|gen_random_uuid|nextval|currval|getenv'
        ~ '|getvariable|current_setting|txid_current' -%}
    {%- for function in modules.re.findall('"function_name":' ~ text, tree) -%}
        {%- if modules.re.fullmatch(inconstant, function | lower) -%}
            {%- do found.append(function ~ '()') -%}
        {%- endif -%}
    {%- endfor -%}
    {# Without brackets, as a column is written. #}
    {%- for name in modules.re.findall('"column_names":\\[' ~ text ~ '\\]', tree) -%}
        {%- if modules.re.fullmatch(clocks, name | lower) -%}
            {%- do found.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if found -%}
        {{ exceptions.raise_compiler_error(
            model.name ~ ' reads ' ~ found | unique | sort | join(', ') ~ ': a night could not tell that it has changed. Read tables '
            ~ 'by ref() and source(), bring a file in as a seed or a raw table, and take the date from as_of_date().'
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
