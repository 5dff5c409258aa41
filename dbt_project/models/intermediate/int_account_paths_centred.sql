with

paths as {{ not_materialized() }}(
    select * from {{ ref('int_account_paths_observed') }}
),

{{ centred_panels('paths', path_panels(), var('account_dimensions'), []) }}

select * from final
