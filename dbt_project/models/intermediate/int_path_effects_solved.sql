with

deviations as (
    select * from {{ ref('int_account_paths_centred') }}
),

{{ solved_period_effects('deviations', path_panels(), var('account_dimensions')) }}

select * from final
