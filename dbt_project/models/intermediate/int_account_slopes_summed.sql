{% set dimensions = ['all'] + var('account_dimensions') %}
{% set products = {
    '': [('points', 'points'), ('placebo', 'placebo'), ('growth', 'growth'), ('points', 'growth'), ('placebo', 'growth')],
    'lead_': [
        ('points', 'points'), ('later', 'later'), ('growth', 'growth'),
        ('points', 'later'), ('points', 'growth'), ('later', 'growth'),
    ],
} %}

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
        {% for prefix, pairs in products.items() %}
        {% set panel = 'main_' if prefix == '' else prefix %}
        {{ list_items('effects.' ~ panel ~ 'per_weight', 'stacked.places') }} as {{ panel }}per_weight,
        {% for first, second in pairs %}
        {% if first == second %}
        {{ list_items('effects.' ~ panel ~ first, 'stacked.places') }} as {{ panel ~ first }}_effects,
        {% endif %}
        {{ list_items('effects.' ~ panel ~ first ~ '_' ~ second, 'stacked.places') }}
            as {{ panel ~ first ~ '_' ~ second }}_effects,
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
        matched.is_identifying,
        matched.account_weight,
        matched.noise_weight - matched.noise_weight_of_mean as noise_weight,
        {{ list_dot('matched.weight_sq_by_period', 'matched.main_per_weight') }} / matched.account_weight as leverage,
        coalesce(
            {{ list_dot('matched.lead_weight_sq_by_period', 'matched.lead_per_weight') }}
            / nullif(matched.account_lead_weight, 0),
            0e0
        ) as lead_leverage,
        {% for prefix, pairs in products.items() %}
        {% set panel = 'main_' if prefix == '' else prefix %}
        {% set own = 'matched.' ~ prefix %}
        {% set effects_of = 'matched.' ~ panel %}
        {% set total = 'matched.account_' ~ prefix ~ 'weight' %}
        {% for first, second in pairs %}
        {{ residual_product(own, effects_of, first, second, total) }} as {{ prefix ~ first ~ '_' ~ second }},
        {% if first == second %}
        1e-10 * (
            {{ own ~ first ~ '_' ~ first }}
            + {{ list_dot(own ~ 'weight_by_period', effects_of ~ first ~ '_' ~ first ~ '_effects') }}
        )
        + 1e-18 * {{ total }} as {{ prefix ~ first }}_rounding,
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
        account_weight as weight,
        noise_weight,
        leverage,
        lead_leverage,
        {% for prefix, pairs in products.items() %}
        {% for first, second in pairs %}
        case
            when
                {{ prefix ~ first ~ '_' ~ first }} > {{ prefix ~ first }}_rounding
                and {{ prefix ~ second ~ '_' ~ second }} > {{ prefix ~ second }}_rounding
                then {{ prefix ~ first ~ '_' ~ second }}
            else 0e0
        end as {{ prefix ~ first ~ '_' ~ second }},
        {% endfor %}
        {% endfor %}
        is_identifying
    from residual
)

select * from final
