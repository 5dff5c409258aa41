{% set dimensions = ['all'] + var('account_dimensions') %}
{% set part = ['account_number', 'horizon_months', 'part_block'] %}
{% set panels = {'': ['points', 'placebo', 'growth'], 'lead_': ['points', 'later', 'growth']} %}

with

deviations as (
    select * from {{ ref('int_account_panels_centred') }}
),

-- What weighs nothing in the panel of the lead test is 0 in it, so that the lists of an account match.
filled as (
    select
        {{ part | join(', ') }},
        {% for dimension in dimensions %}
        {{ dimension }}_block,
        {% endfor %}
        account_weight,
        account_lead_weight,
        account_points,
        place,
        n_contacts_answered as n_contacts,
        {% for prefix, values in panels.items() %}
        {% for value in ['weight'] + values %}
        coalesce({{ prefix ~ value }}, 0e0) as {{ prefix ~ value }}{% if not loop.last %},{% endif %}
        {% endfor %}
        {% if not loop.last %},{% endif %}
        {% endfor %}
    from deviations
),

listed as (
    select
        {{ part | join(', ') }},
        {% for dimension in dimensions %}
        max({{ dimension }}_block) as {{ dimension }}_block,
        {% endfor %}
        max(account_weight) as account_weight,
        coalesce(max(account_lead_weight), 0e0) as account_lead_weight,
        count(*) as n_observations,
        max(account_points) > min(account_points) as is_identifying,
        {{ sorted_rows([
            'place', 'n_contacts', 'weight', 'points', 'placebo', 'growth',
            'lead_weight', 'lead_points', 'lead_later', 'lead_growth',
        ]) }} as items
    from filled
    where {{ in_slices('account_number', 8) }}
    group by {{ part | join(', ') }}
),

weighted as (
    select
        *,
        {{ list_each('items', each_item('place')) }} as places,
        {{ list_each('items', each_item('weight') ~ ' / ' ~ each_item('n_contacts')) }} as noise_weights,
        {% for prefix, values in panels.items() %}
        {{ list_each('items', each_item(prefix ~ 'weight')) }} as {{ prefix ~ 'weight_by_period' }},
        {% for value in values %}
        {{ list_each('items', each_item(prefix ~ value)) }} as {{ 'plain_' ~ prefix ~ value }},
        {{ list_each('items', each_item(prefix ~ 'weight') ~ ' * ' ~ each_item(prefix ~ value)) }}
            as {{ prefix ~ value ~ '_by_period' }},
        {% endfor %}
        {% endfor %}
        {{ list_each('items', '1e0') }} as ones
    from listed
),

final as (
    select
        {{ part | join(', ') }},
        {% for dimension in dimensions %}
        {{ dimension }}_block,
        {% endfor %}
        places,
        {% for prefix, values in panels.items() %}
        {{ prefix ~ 'weight_by_period' }},
        {{ list_each(prefix ~ 'weight_by_period', each_item() ~ ' * ' ~ each_item()) }}
            as {{ prefix ~ 'weight_sq_by_period' }},
        {% for value in values %}
        {{ prefix ~ value ~ '_by_period' }},
        {% for other in values[loop.index0:] %}
        {{ list_dot(prefix ~ value ~ '_by_period', 'plain_' ~ prefix ~ other) }} as {{ prefix ~ value ~ '_' ~ other }},
        {% endfor %}
        {% endfor %}
        {% endfor %}
        account_weight,
        account_lead_weight,
        {{ list_dot('noise_weights', 'ones') }} as noise_weight,
        {{ list_dot('noise_weights', 'weight_by_period') }} / account_weight as noise_weight_of_mean,
        n_observations,
        is_identifying
    from weighted
)

select * from final
