with

account_periods as (
    select
        *,
        coalesce(owner_id, 'unknown') as account_owner,
        coalesce(region, 'unknown') as account_region
    from {{ ref('fct_account_periods') }}
),

cells as (
    select * from {{ ref('int_value_cells_numbered') }}
),

levels as (
    select
        cell_number,
        max(case when cluster_level = 'owner' and is_taken_out then 1 else 0 end) as is_owner_taken_out,
        max(case when cluster_level = 'region' and is_taken_out then 1 else 0 end) as is_region_taken_out
    from {{ ref('int_value_levels_weighed') }}
    group by cell_number
),

stacked as (
    {{ stacked_by_dimension('account_periods', ['account_owner', 'account_region'], var('account_dimensions')) }}
),

groups_found as (
    select distinct
        dimension,
        dimension_value,
        account_owner,
        account_region
    from stacked
),

split_up as (
    select
        cells.cell_number,
        groups_found.account_owner,
        groups_found.account_region,
        case when levels.is_owner_taken_out = 1 then groups_found.account_owner else 'all' end as block_owner,
        case when levels.is_region_taken_out = 1 then groups_found.account_region else 'all' end as block_region
    from groups_found
    inner join cells
        on
            groups_found.dimension = cells.dimension
            and groups_found.dimension_value = cells.dimension_value
    left join levels
        on cells.cell_number = levels.cell_number
),

final as (
    select
        cell_number,
        account_owner,
        account_region,
        cast(
            dense_rank() over (order by cell_number, block_owner, block_region) as {{ dbt.type_int() }}
        ) as block_number,
        cast(dense_rank() over (order by account_owner, account_region) as {{ dbt.type_int() }}) as group_number
    from split_up
)

select * from final
