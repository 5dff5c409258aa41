with

deviations as (
    select * from {{ ref('int_company_panels_centred') }}
),

{{ listed_panels('deviations', company_panels(), var('dimensions_by_halves')) }}

select * from final
