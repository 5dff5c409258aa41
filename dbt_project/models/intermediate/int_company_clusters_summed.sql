with

sums as {{ not_materialized() }}(
    select * from {{ ref('int_company_slopes_summed') }}
),

accounts as (
    select * from {{ ref('int_value_accounts_numbered') }}
),

levels as (
    select * from {{ ref('int_value_levels_weighed') }}
    where is_clustered
),

{{ clustered_sums('sums', 'accounts', 'levels', company_panels()) }}

select * from final
