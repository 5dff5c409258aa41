with

deviations as (
    select * from {{ ref('int_account_panels_centred') }}
),

{{ solved_period_effects('deviations', value_panels(), var('account_dimensions')) }}

select * from final
