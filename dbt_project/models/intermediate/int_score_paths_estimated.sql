{% set cell = ['cell_number', 'event_quarter'] %}

with

sums as {{ not_materialized() }}(
    select * from {{ ref('int_account_paths_summed') }}
),

paths as (
    select * from {{ ref('int_account_paths_listed') }}
),

blocks as (
    select distinct
        block_number,
        cell_number
    from {{ ref('int_value_blocks_numbered') }}
),

accounts as (
    {% for dimension in ['all'] + var('account_dimensions') %}
    select
        account_number,
        {{ dimension }}_block as block_number,
        n_before,
        n_after
    from paths
    where {{ dimension }}_block is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

accounts_counted as (
    select
        blocks.cell_number,
        count(distinct case when accounts.n_before > 1 then accounts.account_number end) as n_before,
        count(distinct case when accounts.n_after > 1 then accounts.account_number end) as n_after
    from accounts
    inner join blocks
        on accounts.block_number = blocks.block_number
    group by blocks.cell_number
),

clusters as {{ not_materialized() }}(
    {% for panel, sign in {'before': '-', 'after': ''}.items() %}
    {% set is_last_panel = loop.last %}
    {% for k in range(1, 5) %}
    select
        cell_number,
        {{ sign }}{{ k }} as event_quarter,
        {{ panel }}_points_growth_{{ k }} as numerator,
        {{ panel }}_points_points as denominator,
        1 as n_clusters,
        {{ panel }}_leverage as leverage
    from sums
    where n_{{ panel }}_accounts > 0
    {{ 'union all' if not (loop.last and is_last_panel) }}
    {% endfor %}
    {% endfor %}
),

final as (
    select
        ratios.cell_number,
        cast(ratios.event_quarter as {{ dbt.type_int() }}) as event_quarter,
        {{ as_count(
            'case when ratios.event_quarter < 0 then accounts_counted.n_before else accounts_counted.n_after end'
        ) }} as n_accounts,
        ratios.estimate as slope,
        ratios.std_error,
        ratios.effective_clusters,
        ratios.degrees_of_freedom
    from {{ jackknife_ratio('clusters', cell, leverage='leverage', crv1=false) }} as ratios
    inner join accounts_counted
        on ratios.cell_number = accounts_counted.cell_number
)

select * from final
