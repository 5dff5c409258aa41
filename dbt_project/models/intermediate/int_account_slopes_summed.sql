with

deviations as (
    select * from {{ ref('int_account_panels_centred') }}
),

period_effects as (
    select * from {{ ref('int_period_effects_solved') }}
),

blocks as (
    select * from {{ ref('int_value_blocks_numbered') }}
),

{{ listed_panels('deviations', value_panels(), var('account_dimensions'), last='panels') }},

{{ residual_sums('panels', 'period_effects', 'blocks', value_panels(), var('account_dimensions')) }}

select * from final
