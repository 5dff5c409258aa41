{#
    As value_panels(), those of int_account_paths_observed: growth in each of the four quarters before and after on points at the
    quarter end and, in the quarters before, on points at their beginning.
#}
{% macro path_panels() -%}
    {%- set panels = {} -%}
    {%- for name, kinds in {'before': ['growth', 'earlier'], 'after': ['growth']}.items() %}
    {%- set values = {'points': 'account_points'} -%}
    {%- set products = [('points', 'points')] -%}
    {%- for kind in kinds %}
    {%- for quarter in range(1, 5) %}
    {%- set value = kind ~ '_' ~ quarter -%}
    {%- do values.update({value: name ~ '_' ~ value}) -%}
    {%- do products.append(('points', value)) -%}
    {%- endfor %}
    {%- endfor %}
    {%- do panels.update({name: {
        'prefix': name ~ '_', 'weight': name ~ '_revenue', 'values': values, 'products': products, 'counted': 'n_' ~ name,
    }}) -%}
    {%- endfor %}
    {% do return(panels) %}
{%- endmacro %}
