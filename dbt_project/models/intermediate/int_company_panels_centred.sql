with

outcomes as {{ not_materialized() }}(
    select * from {{ ref('int_account_outcomes_observed') }}
    where
        is_usable
        and is_fresh
),

{{ centred_panels('outcomes', company_panels(), var('dimensions_by_halves'), []) }}

select * from final
