{#
    The CTEs that take the period effects off an account's lists, the last of them `last`: one row per cell, block, horizon and
    account, with sums of products of what account and period effects leave, by panel.

    `listed` and `solved` are what listed_panels() and solved_period_effects() have left, `blocks` those of int_value_blocks_numbered.
    `is_whole`: the account has only this row
    in the cell, because it stayed in it and in the company's block; the company's own rows may be so too, and do not say it.
#}
{% macro residual_sums(listed, solved, blocks, panels, dimensions, last='final') -%}
    {%- set dimensions = ['all'] + dimensions %}
cells_of_blocks as (
    select distinct
        block_number,
        cell_number
    from {{ blocks }}
),

effects as (
    select
        solved.*,
        cells_of_blocks.cell_number
    from {{ solved }} as solved
    inner join cells_of_blocks
        on solved.block_number = cells_of_blocks.block_number
),

stacked as (
    {% for dimension in dimensions %}
    select
        *,
        {{ 'false' if dimension == 'all' else 'all_block is not null' }} as is_whole,
        {{ dimension }}_block as block_number
    from {{ listed }}
    where {{ dimension }}_block is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- The effects of the periods in which the account has a row, in the order of its own lists.
matched as (
    select
        {% for name, panel in panels.items() %}
        {{ list_items('effects.' ~ name ~ '_per_weight', 'stacked.places') }} as {{ name }}_per_weight,
        {% for value in panel['values'] %}
        {{ list_items('effects.' ~ name ~ '_' ~ value, 'stacked.places') }} as {{ name }}_{{ value }}_effects,
        {% endfor %}
        {% for first, second in panel.products %}
        {{ list_items('effects.' ~ name ~ '_' ~ first ~ '_' ~ second, 'stacked.places') }}
            as {{ name }}_{{ first }}_{{ second }}_effects,
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
        matched.is_whole,
        {% for name, panel in panels.items() %}
        {% set own = 'matched.' ~ panel.prefix %}
        {% set effects_of = 'matched.' ~ name ~ '_' %}
        {% set total = 'matched.account_' ~ panel.prefix ~ 'weight' %}
        {{ own ~ 'noise_weight,' if panel.noise }}
        {{ 'matched.' ~ panel.counted ~ ',' if panel.counted }}
        {{ 'matched.' ~ panel.identifying ~ ',' if panel.identifying }}
        {{ total }},
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
{{ last }} as (
    select
        cell_number,
        block_number,
        horizon_months,
        account_number,
        {% for panel in panels.values() %}
        {% set own = panel.prefix %}
        {{ own ~ 'noise_weight,' if panel.noise }}
        {{ panel.counted ~ ',' if panel.counted }}
        {{ panel.identifying ~ ',' if panel.identifying }}
        account_{{ own }}weight as {{ own }}weight,
        {{ own }}leverage,
        {% for first, second in panel.products %}
        case
            when
                {{ own ~ first ~ '_' ~ first }} > {{ own ~ first }}_rounding
                {% if (second, second) in panel.products %}
                and {{ own ~ second ~ '_' ~ second }} > {{ own ~ second }}_rounding
                {% endif %}
                then {{ own ~ first ~ '_' ~ second }}
            else 0e0
        end as {{ own ~ first ~ '_' ~ second }},
        {% endfor %}
        {% endfor %}
        is_whole
    from residual
)
{%- endmacro %}
