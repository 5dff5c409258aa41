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
        {{ exact_sum('base_revenue', is_small=true) }} as base_revenue,
        {{ exact_sum('next_revenue', is_small=true) }} as next_revenue,
        {{ exact_sum('base_profit_12m', is_small=true) }} as base_profit_12m
    from panels
    group by {{ grain | join(', ') }}
),

blocks as (
    select distinct
        block_number,
        cell_number
    from {{ ref('int_value_blocks_numbered') }}
),

-- Of a dimension in which an account stays, it has one part.
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
        base_profit_12m,
        {{ 'false' if dimension == 'all' else 'all_block is not null' }} as is_whole
    from summed
    where {{ dimension }}_block is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

placed as (
    select
        stacked.*,
        blocks.cell_number
    from stacked
    inner join blocks
        on stacked.block_number = blocks.block_number
),

final as (
    select
        cell_number,
        horizon_months,
        stratum_number,
        nps_group,
        account_number,
        n_observations,
        n_retained,
        base_revenue,
        next_revenue,
        base_profit_12m
    from placed
    where is_whole
    union all
    select
        cell_number,
        horizon_months,
        stratum_number,
        nps_group,
        account_number,
        cast(sum(n_observations) as {{ dbt.type_bigint() }}) as n_observations,
        cast(sum(n_retained) as {{ dbt.type_bigint() }}) as n_retained,
        {{ exact_sum('base_revenue', is_small=true) }} as base_revenue,
        {{ exact_sum('next_revenue', is_small=true) }} as next_revenue,
        {{ exact_sum('base_profit_12m', is_small=true) }} as base_profit_12m
    from placed
    where not is_whole
    group by cell_number, horizon_months, stratum_number, nps_group, account_number
)

select * from final
