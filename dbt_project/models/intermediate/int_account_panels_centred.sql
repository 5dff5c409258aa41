with

outcomes as {{ not_materialized() }}(
    select * from {{ ref('int_account_outcomes_observed') }}
    where
        is_usable
        and account_points is not null
),

{{ centred_panels(
    'outcomes', value_panels(), var('account_dimensions'),
    ['base_revenue', 'stratum_number', 'nps_group', 'next_revenue', 'base_profit_12m']
) }}

select * from final
