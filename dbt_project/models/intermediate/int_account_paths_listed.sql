{% set dimensions = ['all'] + var('account_dimensions') %}
{% set part = ['account_number', 'horizon_months', 'part_block'] %}
{% set values = {
    'before': [
        'points', 'growth_1', 'growth_2', 'growth_3', 'growth_4', 'earlier_1', 'earlier_2', 'earlier_3', 'earlier_4',
    ],
    'after': ['points', 'growth_1', 'growth_2', 'growth_3', 'growth_4'],
} %}
{% set items = ['place'] %}
{% for panel, columns in values.items() %}
{% for column in ['weight'] + columns %}
{% do items.append(panel ~ '_' ~ column) %}
{% endfor %}
{% endfor %}

with

deviations as (
    select * from {{ ref('int_account_paths_centred') }}
),

-- What weighs nothing in a panel is 0 in it, so that the lists of an account match.
filled as (
    select
        {{ part | join(', ') }},
        {% for dimension in dimensions %}
        {{ dimension }}_block,
        {% endfor %}
        {% for panel in values %}
        account_{{ panel }}_weight,
        n_{{ panel }},
        {% endfor %}
        {% for item in items[1:] %}
        coalesce({{ item }}, 0e0) as {{ item }},
        {% endfor %}
        place
    from deviations
),

listed as (
    select
        {{ part | join(', ') }},
        {% for dimension in dimensions %}
        max({{ dimension }}_block) as {{ dimension }}_block,
        {% endfor %}
        {% for panel in values %}
        coalesce(max(account_{{ panel }}_weight), 0e0) as account_{{ panel }}_weight,
        max(n_{{ panel }}) as n_{{ panel }},
        {% endfor %}
        {{ sorted_rows(items) }} as items
    from filled
    where {{ in_slices('account_number', 8) }}
    group by {{ part | join(', ') }}
),

weighted as (
    select
        *,
        {% for panel, columns in values.items() %}
        {{ list_each('items', each_item(panel ~ '_weight')) }} as {{ panel }}_weight_by_period,
        {{ list_each('items', each_item(panel ~ '_points')) }} as plain_{{ panel }}_points,
        {% for column in columns %}
        {{ list_each('items', each_item(panel ~ '_weight') ~ ' * ' ~ each_item(panel ~ '_' ~ column)) }}
            as {{ panel }}_{{ column }}_by_period,
        {% endfor %}
        {% endfor %}
        {{ list_each('items', each_item('place')) }} as places
    from listed
),

final as (
    select
        {{ part | join(', ') }},
        {% for dimension in dimensions %}
        {{ dimension }}_block,
        {% endfor %}
        {% for panel, columns in values.items() %}
        account_{{ panel }}_weight,
        n_{{ panel }},
        {{ panel }}_weight_by_period,
        {{ list_each(panel ~ '_weight_by_period', each_item() ~ ' * ' ~ each_item()) }}
            as {{ panel }}_weight_sq_by_period,
        {% for column in columns %}
        {{ panel }}_{{ column }}_by_period,
        {{ list_dot(panel ~ '_' ~ column ~ '_by_period', 'plain_' ~ panel ~ '_points') }}
            as {{ panel }}_points_{{ column }},
        {% endfor %}
        {% endfor %}
        places
    from weighted
)

select * from final
