{% set dimensions = ['all'] + var('account_dimensions') %}
{% set values = {
    'before': [
        'points', 'growth_1', 'growth_2', 'growth_3', 'growth_4', 'earlier_1', 'earlier_2', 'earlier_3', 'earlier_4',
    ],
    'after': ['points', 'growth_1', 'growth_2', 'growth_3', 'growth_4'],
} %}

with

paths as {{ not_materialized() }}(
    select * from {{ ref('int_account_paths_listed') }}
),

effects as (
    select * from {{ ref('int_path_effects_solved') }}
),

stacked as (
    {% for dimension in dimensions %}
    select
        paths.*,
        paths.{{ dimension }}_cell as cell_number
    from paths
    where paths.{{ dimension }}_cell is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- The effects of the periods in which the account has a row, in the order of its own lists.
matched as (
    select
        {% for panel, columns in values.items() %}
        {{ list_items('effects.' ~ panel ~ '_per_weight', 'stacked.places') }} as {{ panel }}_per_weight,
        {% for column in columns %}
        {{ list_items('effects.' ~ panel ~ '_' ~ column, 'stacked.places') }} as {{ panel }}_{{ column }}_effects,
        {{ list_items('effects.' ~ panel ~ '_points_' ~ column, 'stacked.places') }}
            as {{ panel }}_points_{{ column }}_effects,
        {% endfor %}
        {% endfor %}
        stacked.*
    from stacked
    inner join effects
        on
            stacked.cell_number = effects.cell_number
            and stacked.horizon_months = effects.horizon_months
),

residual as (
    select
        {% for panel, columns in values.items() %}
        {% set own = 'matched.' ~ panel ~ '_' %}
        {% set total = 'matched.account_' ~ panel ~ '_weight' %}
        {{ list_dot(own ~ 'weight_sq_by_period', own ~ 'per_weight') }} / nullif({{ total }}, 0)
            as {{ panel }}_leverage,
        matched.n_{{ panel }},
        {% for column in columns %}
        {{ residual_product(own, own, 'points', column, total) }} as {{ panel }}_points_{{ column }},
        {% endfor %}
        1e-10 * (
            {{ own }}points_points + {{ list_dot(own ~ 'weight_by_period', own ~ 'points_points_effects') }}
        )
        + 1e-18 * {{ total }} as {{ panel }}_rounding,
        {% endfor %}
        matched.cell_number,
        matched.account_number,
        matched.part_cell
    from matched
),

-- Where nothing but rounding is left of the points, the account says nothing.
final as (
    select
        cell_number,
        {% for panel, columns in values.items() %}
        n_{{ panel }},
        coalesce({{ panel }}_leverage, 0e0) as {{ panel }}_leverage,
        {% for column in columns %}
        case when {{ panel }}_points_points > {{ panel }}_rounding then {{ panel }}_points_{{ column }} else 0e0 end
            as {{ panel }}_points_{{ column }},
        {% endfor %}
        {% endfor %}
        account_number
    from residual
)

select * from final
