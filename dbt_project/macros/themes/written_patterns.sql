{#
    The patterns of a vocabulary (theme, language, pattern), read while the model that uses them is rendered:
    {theme: {language: [patterns]}}, folded. Empty in a unit test, whose vocabulary is no table, where the engine may not
    be asked (--no-introspect), and before the vocabulary is loaded.
#}
{% macro written_patterns(vocabulary) -%}
    {%- set patterns = {} -%}
    {%- if execute and flags.INTROSPECT is not false and model.resource_type == 'model' and load_relation(vocabulary) -%}
        {%- set query -%}
            select distinct
                theme,
                language,
                {{ folded_text('pattern') }} as pattern
            from {{ vocabulary }}
            order by theme, language, pattern
        {%- endset -%}
        {%- for row in run_query(query).rows -%}
            {%- do patterns.setdefault(row[0], {}).setdefault(row[1], []).append(row[2]) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(patterns) }}
{%- endmacro %}
