with

deviations as (
    select * from {{ ref('int_account_panels_centred') }}
),

{{ listed_panels('deviations', value_panels(), var('account_dimensions')) }}

select * from final
