with

accounts as (
    select * from {{ ref('account_nps') }}
),

owners as (
    select
        account_id,
        owner_id
    from {{ ref('dim_accounts') }}
),

retentions as (
    select * from {{ ref('int_nps_groups_retained') }}
),

joined as (
    select
        accounts.*,
        owners.owner_id,
        cast(accounts.trailing_revenue_12m as {{ float_type() }}) as exposed,
        retentions.net_revenue_retention,
        retentions.ci_low as retention_ci_low,
        retentions.ci_high as retention_ci_high,
        coalesce(retentions.net_revenue_retention is not null, false) as is_reportable,
        case
            when retentions.nps_group is null then 'no_complete_window'
            else retentions.suppression_reason
        end as suppression_reason
    from accounts
    inner join owners
        on accounts.account_id = owners.account_id
    left join retentions
        on accounts.nps_group = retentions.nps_group
),

-- What the group of the account loses of its revenue in a year, on average; below 0 where groups grow. A group that
-- grew from next to nothing makes it more than money can be, and nothing that anybody should expect.
final as (
    select
        account_id,
        as_of_date,
        owner_id,
        nps_group,
        risk_status,
        risk_reason,
        currency,
        trailing_revenue_12m,
        cast(
            case
                when abs(exposed * (1 - net_revenue_retention)) < 1e18 then exposed * (1 - net_revenue_retention)
            end as {{ money_type() }}
        ) as expected_loss,
        least(exposed * (1 - retention_ci_low), exposed * (1 - retention_ci_high)) as ci_low,
        greatest(exposed * (1 - retention_ci_low), exposed * (1 - retention_ci_high)) as ci_high,
        is_reportable,
        suppression_reason,
        next_renewal_date
    from joined
)

select * from final
