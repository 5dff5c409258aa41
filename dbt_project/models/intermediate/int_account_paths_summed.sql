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

blocks as (
    select distinct
        block_number,
        cell_number
    from {{ ref('int_value_blocks_numbered') }}
),

accounts as (
    select
        account_number,
        account_cluster,
        is_single
    from {{ ref('int_value_accounts_numbered') }}
),

effects as (
    select
        solved.*,
        blocks.cell_number
    from {{ ref('int_path_effects_solved') }} as solved
    inner join blocks
        on solved.block_number = blocks.block_number
),

stacked as (
    {% for dimension in dimensions %}
    select
        paths.*,
        paths.{{ dimension }}_block as block_number
    from paths
    where paths.{{ dimension }}_block is not null
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
        matched.block_number,
        matched.account_number
    from matched
),

-- Where nothing but rounding is left of the points, the account says nothing. Seen once in a panel, it is not in it.
informative as (
    select
        residual.cell_number,
        residual.block_number,
        accounts.account_cluster,
        accounts.is_single,
        {% for panel, columns in values.items() %}
        case when residual.n_{{ panel }} > 1 then residual.account_number end as {{ panel }}_account,
        case when residual.n_{{ panel }} > 1 then coalesce(residual.{{ panel }}_leverage, 0e0) else 0e0 end
            as {{ panel }}_leverage,
        {% for column in columns %}
        case
            when residual.n_{{ panel }} > 1 and residual.{{ panel }}_points_points > residual.{{ panel }}_rounding
                then residual.{{ panel }}_points_{{ column }}
            else 0e0
        end as {{ panel }}_points_{{ column }},
        {% endfor %}
        {% endfor %}
        residual.account_number
    from residual
    inner join accounts
        on residual.account_number = accounts.account_number
),

{% set products = [] %}
{% set leverages = {} %}
{% for panel, columns in values.items() %}
{% for column in columns %}
{% do products.append(panel ~ '_points_' ~ column) %}
{% endfor %}
{% do leverages.update({panel ~ '_leverage': panel ~ '_points_points'}) %}
{% endfor %}
final as (
    {{ summed_by_cluster(
        'informative', ['cell_number', 'account_cluster'], products, leverages, ['before_account', 'after_account']
    ) }}
)

select * from final
