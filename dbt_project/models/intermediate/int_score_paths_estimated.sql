{% set cell = ['cell_number', 'event_quarter'] %}

with

accounts as {{ not_materialized() }}(
    select * from {{ ref('int_account_paths_summed') }}
),

-- An account seen once is no cluster.
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
    from accounts
    where n_{{ panel }} > 1
    {{ 'union all' if not (loop.last and is_last_panel) }}
    {% endfor %}
    {% endfor %}
),

final as (
    select
        cell_number,
        cast(event_quarter as {{ dbt.type_int() }}) as event_quarter,
        {{ as_count('n_clusters') }} as n_accounts,
        estimate as slope,
        std_error,
        effective_clusters,
        degrees_of_freedom
    from {{ jackknife_ratio('clusters', cell, leverage='leverage', crv1=false) }} as ratios
)

select * from final
