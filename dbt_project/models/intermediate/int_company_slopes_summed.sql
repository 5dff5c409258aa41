with

deviations as (
    select * from {{ ref('int_company_panels_centred') }}
),

period_effects as (
    select * from {{ ref('int_company_effects_solved') }}
),

blocks as (
    select * from {{ ref('int_value_blocks_numbered') }}
),

{{ listed_panels('deviations', company_panels(), var('dimensions_by_halves'), last='panels') }},

{{ residual_sums('panels', 'period_effects', 'blocks', company_panels(), var('dimensions_by_halves')) }}

select * from final
