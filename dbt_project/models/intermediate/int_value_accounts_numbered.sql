with

account_periods as (
    select
        account_id,
        as_of_date,
        owner_id,
        region
    from {{ ref('fct_account_periods') }}
),

accounts as (
    select
        account_id,
        ultimate_parent_account_id
    from {{ ref('dim_accounts') }}
),

ranked as (
    select
        *,
        row_number() over (partition by account_id order by as_of_date desc) as recency,
        min(coalesce(owner_id, 'unknown')) over (partition by account_id)
        = max(coalesce(owner_id, 'unknown')) over (partition by account_id)
        and min(coalesce(region, 'unknown')) over (partition by account_id)
        = max(coalesce(region, 'unknown')) over (partition by account_id) as is_settled
    from account_periods
),

numbered as (
    select
        ranked.account_id,
        coalesce(accounts.ultimate_parent_account_id, ranked.account_id) as root_id,
        ranked.owner_id,
        ranked.region,
        ranked.is_settled,
        row_number() over (order by ranked.account_id) as account_number
    from ranked
    left join accounts
        on ranked.account_id = accounts.account_id
    where ranked.recency = 1
),

-- A group goes by the number of its first account; an account without an owner or a region shares it with nobody.
final as (
    select
        account_id,
        cast(account_number as {{ dbt.type_int() }}) as account_number,
        cast(min(account_number) over (partition by root_id) as {{ dbt.type_int() }}) as account_cluster,
        cast(
            case
                when owner_id is null then account_number
                else min(account_number) over (partition by owner_id)
            end as {{ dbt.type_int() }}
        ) as owner_cluster,
        cast(
            case
                when region is null then account_number
                else min(account_number) over (partition by region)
            end as {{ dbt.type_int() }}
        ) as region_cluster,
        is_settled,
        count(*) over (partition by root_id) = 1 as is_alone
    from numbered
)

select * from final
