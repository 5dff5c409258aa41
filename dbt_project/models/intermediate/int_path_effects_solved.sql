{% set growths = ['growth_1', 'growth_2', 'growth_3', 'growth_4'] %}
{% set earlier = ['earlier_1', 'earlier_2', 'earlier_3', 'earlier_4'] %}
{% set panels = {} %}
{% for name, values in {'before': growths + earlier, 'after': growths}.items() %}
{% set products = [('points', 'points')] %}
{% for value in values %}
{% do products.append(('points', value)) %}
{% endfor %}
{% do panels.update({name: {'prefix': name ~ '_', 'values': ['points'] + values, 'products': products}}) %}
{% endfor %}

with

deviations as (
    select * from {{ ref('int_account_paths_centred') }}
),

{{ solved_period_effects('deviations', panels) }}

select * from final
