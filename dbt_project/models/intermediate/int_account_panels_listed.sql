{% set dimensions = ['all'] + var('account_dimensions') %}
{% set part = ['account_number', 'horizon_months', 'part_cell'] %}
{% set panels = {'': ['points', 'placebo', 'growth'], 'lead_': ['points', 'later', 'growth']} %}

with

deviations as (
    select * from {{ ref('int_account_panels_centred') }}
),

calendar as (
    select distinct
        horizon_months,
        place
    from deviations
),

parts as (
    select
        {{ part | join(', ') }},
        {% for dimension in dimensions %}
        max({{ dimension }}_cell) as {{ dimension }}_cell,
        {% endfor %}
        max(account_weight) as account_weight,
        coalesce(max(account_lead_weight), 0e0) as account_lead_weight,
        count(*) as n_observations,
        max(account_points) > min(account_points) as is_identifying
    from deviations
    group by {{ part | join(', ') }}
),

-- Every list has an item for every quarter end of the horizon, 0 where the account has no row: so they match.
grid as (
    select
        parts.account_number,
        parts.horizon_months,
        parts.part_cell,
        calendar.place
    from parts
    inner join calendar
        on parts.horizon_months = calendar.horizon_months
),

filled as (
    select
        grid.account_number,
        grid.horizon_months,
        grid.part_cell,
        grid.place,
        coalesce(deviations.n_contacts_answered, 1) as n_contacts,
        {% for prefix, values in panels.items() %}
        {% for value in ['weight'] + values %}
        coalesce({{ 'deviations.' ~ prefix ~ value }}, 0e0) as {{ prefix ~ value }}{% if not loop.last %},{% endif %}
        {% endfor %}
        {% if not loop.last %},{% endif %}
        {% endfor %}
    from grid
    left join deviations
        on
            grid.account_number = deviations.account_number
            and grid.horizon_months = deviations.horizon_months
            and grid.part_cell = deviations.part_cell
            and grid.place = deviations.place
),

listed as (
    select
        {{ part | join(', ') }},
        {{ sorted_rows([
            'place', 'n_contacts', 'weight', 'points', 'placebo', 'growth',
            'lead_weight', 'lead_points', 'lead_later', 'lead_growth',
        ]) }} as items
    from filled
    group by {{ part | join(', ') }}
),

weighted as (
    select
        account_number,
        horizon_months,
        part_cell,
        {{ list_each('items', 'item.weight / item.n_contacts') }} as noise_weights,
        {% for prefix, values in panels.items() %}
        {{ list_each('items', 'item.' ~ prefix ~ 'weight') }} as {{ prefix ~ 'weight_by_period' }},
        {% for value in values %}
        {{ list_each('items', 'item.' ~ prefix ~ value) }} as {{ 'plain_' ~ prefix ~ value }},
        {{ list_each('items', 'item.' ~ prefix ~ 'weight * item.' ~ prefix ~ value) }}
            as {{ prefix ~ value ~ '_by_period' }},
        {% endfor %}
        {% endfor %}
        {{ list_each('items', '1e0') }} as ones
    from listed
),

final as (
    select
        {% for prefix, values in panels.items() %}
        {{ 'weighted.' ~ prefix ~ 'weight_by_period' }},
        {{ list_each('weighted.' ~ prefix ~ 'weight_by_period', 'item * item') }}
            as {{ prefix ~ 'weight_sq_by_period' }},
        {% for value in values %}
        {{ 'weighted.' ~ prefix ~ value ~ '_by_period' }},
        {% for other in values[loop.index0:] %}
        {{ list_dot('weighted.' ~ prefix ~ value ~ '_by_period', 'weighted.plain_' ~ prefix ~ other) }}
            as {{ prefix ~ value ~ '_' ~ other }},
        {% endfor %}
        {% endfor %}
        {% endfor %}
        {{ list_dot('weighted.noise_weights', 'weighted.ones') }} as noise_weight,
        {{ list_dot('weighted.noise_weights', 'weighted.weight_by_period') }} / parts.account_weight
            as noise_weight_of_mean,
        parts.*
    from parts
    inner join weighted
        on
            parts.account_number = weighted.account_number
            and parts.horizon_months = weighted.horizon_months
            and parts.part_cell = weighted.part_cell
)

select * from final
