{% set dimensions = ['all'] + var('account_dimensions') %}
{% set panels = value_panels() %}

with

panels as {{ not_materialized() }}(
    select * from {{ ref('int_account_panels_listed') }}
),

blocks as (
    select distinct
        block_number,
        cell_number
    from {{ ref('int_value_blocks_numbered') }}
),

effects as (
    select
        solved.*,
        blocks.cell_number
    from {{ ref('int_period_effects_solved') }} as solved
    inner join blocks
        on solved.block_number = blocks.block_number
),

stacked as (
    {% for dimension in dimensions %}
    select
        panels.*,
        panels.{{ dimension }}_block as block_number
    from panels
    where panels.{{ dimension }}_block is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- The effects of the periods in which the account has a row, in the order of its own lists.
matched as (
    select
        {% for name, panel in panels.items() %}
        {{ list_items('effects.' ~ name ~ '_per_weight', 'stacked.places') }} as {{ name }}_per_weight,
        {% for first, second in panel.products %}
        {% if first == second %}
        {{ list_items('effects.' ~ name ~ '_' ~ first, 'stacked.places') }} as {{ name ~ '_' ~ first }}_effects,
        {% endif %}
        {{ list_items('effects.' ~ name ~ '_' ~ first ~ '_' ~ second, 'stacked.places') }}
            as {{ name ~ '_' ~ first ~ '_' ~ second }}_effects,
        {% endfor %}
        {% endfor %}
        effects.cell_number,
        stacked.*
    from stacked
    inner join effects
        on
            stacked.block_number = effects.block_number
            and stacked.horizon_months = effects.horizon_months
),

residual as (
    select
        matched.cell_number,
        matched.block_number,
        matched.horizon_months,
        matched.account_number,
        matched.n_observations,
        matched.n_halves_observations,
        matched.is_identifying,
        matched.account_weight,
        {% for name, panel in panels.items() %}
        {% set own = 'matched.' ~ panel.prefix %}
        {% set effects_of = 'matched.' ~ name ~ '_' %}
        {% set total = 'matched.account_' ~ panel.prefix ~ 'weight' %}
        {{ own ~ 'noise_weight,' if panel.noise }}
        coalesce({{ list_dot(own ~ 'weight_sq_by_period', effects_of ~ 'per_weight') }} / nullif({{ total }}, 0), 0e0)
            as {{ panel.prefix }}leverage,
        {% for first, second in panel.products %}
        {{ residual_product(own, effects_of, first, second, total) }} as {{ panel.prefix ~ first ~ '_' ~ second }},
        {% if first == second %}
        1e-10 * (
            {{ own ~ first ~ '_' ~ first }}
            + {{ list_dot(own ~ 'weight_by_period', effects_of ~ first ~ '_' ~ first ~ '_effects') }}
        )
        + 1e-18 * {{ total }} as {{ panel.prefix ~ first }}_rounding,
        {% endif %}
        {% endfor %}
        {% endfor %}
        matched.part_block
    from matched
),

-- Where nothing is left but rounding (an account seen once, a period with one account), the account is no cluster.
final as (
    select
        cell_number,
        block_number,
        horizon_months,
        account_number,
        n_observations,
        n_halves_observations,
        account_weight as weight,
        {% for panel in panels.values() %}
        {% set own = panel.prefix %}
        {{ own ~ 'noise_weight,' if panel.noise }}
        {{ own }}leverage,
        {% for first, second in panel.products %}
        case
            when
                {{ own ~ first ~ '_' ~ first }} > {{ own ~ first }}_rounding
                and {{ own ~ second ~ '_' ~ second }} > {{ own ~ second }}_rounding
                then {{ own ~ first ~ '_' ~ second }}
            else 0e0
        end as {{ own ~ first ~ '_' ~ second }},
        {% endfor %}
        {% endfor %}
        is_identifying
    from residual
)

select * from final
