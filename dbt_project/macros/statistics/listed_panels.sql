{#
    The CTEs that list what centred_panels() has of an account, the last of them `last`: one row per account, horizon and part of
    the account's history, with lists over its quarter ends and sums of products. `deviations` is the relation that it left.
#}
{% macro listed_panels(deviations, panels, dimensions, last='final') -%}
    {%- set dimensions = ['all'] + dimensions -%}
    {%- set part = ['account_number', 'horizon_months', 'part_block'] -%}
    {%- set items = ['place'] -%}
    {%- for panel in panels.values() %}
    {%- for value in ['weight'] + (panel['values'] | list) + (['noise'] if panel.noise else []) %}
    {%- do items.append(panel.prefix ~ value) -%}
    {%- endfor %}
    {%- endfor %}
-- What weighs nothing in a panel is 0 in it, so that the lists of an account match.
filled as (
    select
        {{ part | join(', ') }},
        {% for dimension in dimensions %}
        {{ dimension }}_block,
        {% endfor %}
        {% for panel in panels.values() %}
        account_{{ panel.prefix }}weight,
        {% endfor %}
        account_points,
        {% for item in items[1:] %}
        coalesce({{ item }}, 0e0) as {{ item }},
        {% endfor %}
        place
    from {{ deviations }}
),

listed as (
    select
        {{ part | join(', ') }},
        {% for dimension in dimensions %}
        max({{ dimension }}_block) as {{ dimension }}_block,
        {% endfor %}
        {% for panel in panels.values() %}
        {% set total = 'account_' ~ panel.prefix ~ 'weight' %}
        coalesce(max({{ total }}), 0e0) as {{ total }},
        {% endfor %}
        {% for panel in panels.values() %}
        {% set scored = 'case when ' ~ panel.prefix ~ 'weight > 0 then account_points end' %}
        {% if panel.counted %}
        count({{ scored }}) as {{ panel.counted }},
        {% endif %}
        {% if panel.identifying %}
        coalesce(max({{ scored }}) > min({{ scored }}), false) as {{ panel.identifying }},
        {% endif %}
        {% endfor %}
        {{ sorted_rows(items) }} as items
    from filled
    where {{ in_slices('account_number', 4) }}
    group by {{ part | join(', ') }}
),

weighted as (
    select
        *,
        {{ list_each('items', each_item('place')) }} as places,
        {% for panel in panels.values() %}
        {{ list_each('items', each_item(panel.prefix ~ 'weight')) }} as {{ panel.prefix }}weight_by_period,
        {% for value in panel['values'] %}
        {{ list_each('items', each_item(panel.prefix ~ value)) }} as {{ 'plain_' ~ panel.prefix ~ value }},
        {{ list_each('items', each_item(panel.prefix ~ 'weight') ~ ' * ' ~ each_item(panel.prefix ~ value)) }}
            as {{ panel.prefix ~ value }}_by_period,
        {% endfor %}
        {% if panel.noise %}
        {{ list_each('items', each_item(panel.prefix ~ 'weight') ~ ' * ' ~ each_item(panel.prefix ~ 'noise')) }}
            as {{ panel.prefix }}noise_weights,
        {% endif %}
        {% endfor %}
        {{ list_each('items', '1e0') }} as ones
    from listed
),

{{ last }} as (
    select
        {{ part | join(', ') }},
        {% for dimension in dimensions %}
        {{ dimension }}_block,
        {% endfor %}
        {% for panel in panels.values() %}
        {% set own = panel.prefix %}
        {% set total = 'account_' ~ own ~ 'weight' %}
        {{ total }},
        {{ own }}weight_by_period,
        {{ list_each(own ~ 'weight_by_period', each_item() ~ ' * ' ~ each_item()) }} as {{ own }}weight_sq_by_period,
        {% for value in panel['values'] %}
        {{ own ~ value }}_by_period,
        {% endfor %}
        {% for first, second in panel.products %}
        {{ list_dot(own ~ first ~ '_by_period', 'plain_' ~ own ~ second) }} as {{ own ~ first ~ '_' ~ second }},
        {% endfor %}
        {% if panel.noise %}
        {{ list_dot(own ~ 'noise_weights', 'ones') }}
        - coalesce(
            {{ list_dot(own ~ 'noise_weights', own ~ 'weight_by_period') }} / nullif({{ total }}, 0), 0e0
        ) as {{ own }}noise_weight,
        {% endif %}
        {% endfor %}
        {% for panel in panels.values() %}
        {{ panel.counted ~ ',' if panel.counted }}
        {{ panel.identifying ~ ',' if panel.identifying }}
        {% endfor %}
        places
    from weighted
)
{%- endmacro %}
