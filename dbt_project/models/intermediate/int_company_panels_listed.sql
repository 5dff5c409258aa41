with

deviations as (
    select * from {{ ref('int_company_panels_centred') }}
),

{{ listed_panels('deviations', company_panels(), []) }}

select * from final
