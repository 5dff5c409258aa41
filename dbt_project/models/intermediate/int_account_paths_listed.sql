with

deviations as (
    select * from {{ ref('int_account_paths_centred') }}
),

{{ listed_panels('deviations', path_panels(), var('account_dimensions')) }}

select * from final
