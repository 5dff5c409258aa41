{% set dimensions = ['all'] + var('account_dimensions') %}
{% set grain = ['account_number', 'horizon_months', 'part_cell', 'stratum_number', 'nps_group'] %}

with

panels as (
    select * from {{ ref('int_account_panels_centred') }}
),

summed as (
    select
        {% for dimension in dimensions %}
        max({{ dimension }}_cell) as {{ dimension }}_cell,
        {% endfor %}
        {{ grain | join(', ') }},
        count(*) as n_observations,
        count(case when next_revenue > 0 then 1 end) as n_retained,
        {{ exact_sum('weight') }} as base_revenue,
        {{ exact_sum('next_revenue') }} as next_revenue,
        {{ exact_sum('base_profit_12m') }} as base_profit_12m
    from panels
    group by {{ grain | join(', ') }}
),

final as (
    {% for dimension in dimensions %}
    select
        {{ dimension }}_cell as cell_number,
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
    where {{ dimension }}_cell is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final
