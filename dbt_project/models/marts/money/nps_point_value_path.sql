{% set margin = 'std_error * ' ~ t_quantile('degrees_of_freedom') %}

with

paths as (
    select * from {{ ref('int_score_paths_estimated') }}
),

cells as (
    select * from {{ ref('int_value_cells_numbered') }}
),

money as (
    select is_withheld from {{ ref('int_money_withheld') }}
),

event_quarters as (
    {% for event_quarter in [-4, -3, -2, -1, 1, 2, 3, 4] %}
    select {{ event_quarter }} as event_quarter
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- The first reason that applies.
judged as (
    select
        cells.dimension,
        cells.dimension_value,
        event_quarters.event_quarter,
        coalesce(paths.n_accounts, 0) as n_accounts,
        paths.slope,
        paths.std_error,
        paths.degrees_of_freedom,
        case
            when money.is_withheld then 'revenue_withheld'
            when paths.slope is null then 'no_variation'
            when paths.n_accounts < {{ var('minimum_effective_accounts') }} then 'too_few_accounts'
            when paths.effective_clusters < {{ var('minimum_effective_accounts') }} then 'too_few_effective_accounts'
            when paths.std_error is null then 'no_error'
        end as suppression_reason
    from cells
    cross join event_quarters
    cross join money
    left join paths
        on
            cells.cell_number = paths.cell_number
            and event_quarters.event_quarter = paths.event_quarter
),

final as (
    select
        {{ as_of_date() }} as as_of_date,
        dimension,
        dimension_value,
        cast(event_quarter as {{ dbt.type_int() }}) as event_quarter,
        suppression_reason,
        case when suppression_reason is null then slope end as slope_per_point,
        case when suppression_reason is null then slope - {{ margin }} end as slope_ci_low,
        case when suppression_reason is null then slope + {{ margin }} end as slope_ci_high,
        {{ as_count('n_accounts') }} as n_accounts,
        suppression_reason is null as is_reportable
    from judged
)

select * from final
