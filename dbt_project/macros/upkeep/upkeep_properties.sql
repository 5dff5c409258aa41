{# What upkeep wrote down in the properties of a table, by name. #}
{% macro upkeep_properties(relation) -%}
    {%- set found = {} -%}
    {%- for name, value in run_query('show tblproperties ' ~ relation).rows if name.startswith('upkeep.') -%}
        {%- do found.update({name[7:]: value}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# The properties as they are written, of names and values; those without a value are left out. #}
{% macro upkeep_properties_written(properties) -%}
    {%- set written = [] -%}
    {%- for name, value in properties.items() if value is not none -%}
        {%- do written.append("'upkeep." ~ name ~ "' = " ~ text_literal(value | string)) -%}
    {%- endfor -%}
    {{ return('(' ~ written | join(', ') ~ ')') }}
{%- endmacro %}

{#
    Write down of this table what it was made from and what it holds: the sum of the hashes of its rows and their number. A parent
    of which nobody can tell is written down as well, in the place of what was known of it before.
#}
{% macro upkeep_write_down(plan, rows, fingerprint_before) -%}
    {%- set properties = dict(rows, definition=plan['definition'], fingerprint_before=fingerprint_before) -%}
    {%- for unique_id, fingerprint in plan['inputs'].items() -%}
        {%- do properties.update({'input.' ~ unique_id: fingerprint or 'unknown'}) -%}
    {%- endfor -%}
    {%- do run_query('alter table ' ~ this ~ ' set tblproperties ' ~ upkeep_properties_written(properties)) -%}
{%- endmacro %}
