{% set dimensions = ['all'] + var('account_dimensions') %}
{% set grain = ['account_number', 'horizon_months', 'part_block', 'stratum_number', 'nps_group'] %}

with

panels as (
    select * from {{ ref('int_account_panels_centred') }}
),

summed as (
    select
        {% for dimension in dimensions %}
        max({{ dimension }}_block) as {{ dimension }}_block,
        {% endfor %}
        {{ grain | join(', ') }},
        count(*) as n_observations,
        count(case when next_revenue > 0 then 1 end) as n_retained,
        {{ exact_sum('base_revenue') }} as base_revenue,
        {{ exact_sum('next_revenue') }} as next_revenue,
        {{ exact_sum('base_profit_12m') }} as base_profit_12m
    from panels
    group by {{ grain | join(', ') }}
),

blocks as (
    select distinct
        block_number,
        cell_number
    from {{ ref('int_value_blocks_numbered') }}
),

stacked as (
    {% for dimension in dimensions %}
    select
        {{ dimension }}_block as block_number,
        horizon_months,
        stratum_number,
        nps_group,
        account_number,
        n_observations,
        n_retained,
        base_revenue,
        next_revenue,
        base_profit_12m
    from summed
    where {{ dimension }}_block is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        blocks.cell_number,
        stacked.horizon_months,
        stacked.stratum_number,
        stacked.nps_group,
        stacked.account_number,
        cast(sum(stacked.n_observations) as {{ dbt.type_bigint() }}) as n_observations,
        cast(sum(stacked.n_retained) as {{ dbt.type_bigint() }}) as n_retained,
        {{ exact_sum('stacked.base_revenue') }} as base_revenue,
        {{ exact_sum('stacked.next_revenue') }} as next_revenue,
        {{ exact_sum('stacked.base_profit_12m') }} as base_profit_12m
    from stacked
    inner join blocks
        on stacked.block_number = blocks.block_number
    group by
        blocks.cell_number, stacked.horizon_months, stacked.stratum_number, stacked.nps_group, stacked.account_number
)

select * from final
