with

panels as {{ not_materialized() }}(
    select * from {{ ref('int_company_panels_listed') }}
),

period_effects as (
    select * from {{ ref('int_company_effects_solved') }}
),

blocks as (
    select * from {{ ref('int_value_blocks_numbered') }}
),

{{ residual_sums('panels', 'period_effects', 'blocks', company_panels(), var('dimensions_by_halves')) }}

select * from final
