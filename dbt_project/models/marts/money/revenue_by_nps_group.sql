{{ config(partition_by=partitioned_by_month('month_start'), meta={'recompute': {
    'unit': 'month_start',
    'follow': {
        'int_account_months_observed': 'select month_start from ' ~ changed_in(['account_id', 'month_start', 'nps_group']),
        'fct_account_revenue_months': 'month_start',
        'as_of': months_ended('int_account_months_observed'),
    },
    'days': rows_of_months('month_start', ['int_account_months_observed', 'this']),
}}) }}

with

revenue as (
    select * from {{ ref('fct_account_revenue_months') }}
    {{ touched('month_start', 'where') }}
),

-- The group at the end of the month; only whole months.
account_months as (
    select * from {{ ref('int_account_months_observed') }}
    where
        month_end <= {{ as_of_date() }}
        {{ touched('month_start') }}
),

grouped as (
    select
        revenue.month_start,
        account_months.nps_group,
        revenue.revenue_type,
        count(distinct case when revenue.revenue <> 0 or revenue.cost <> 0 then revenue.account_id end) as n_accounts,
        sum(revenue.revenue) as revenue,
        sum(revenue.profit) as profit
    from revenue
    inner join account_months
        on
            revenue.account_id = account_months.account_id
            and revenue.month_start = account_months.month_start
    group by revenue.month_start, account_months.nps_group, revenue.revenue_type
),

months as (
    select
        month_start,
        sum(revenue) as revenue
    from grouped
    group by month_start
),

-- Where credits outweigh, a part is below nothing or above the whole, and is no share of it.
final as (
    select
        grouped.month_start,
        grouped.nps_group,
        grouped.revenue_type,
        '{{ var("reporting_currency") }}' as currency,
        {{ as_count('grouped.n_accounts') }} as n_accounts,
        cast(grouped.revenue as {{ money_type() }}) as revenue,
        cast(grouped.profit as {{ money_type() }}) as profit,
        case
            when months.revenue > 0 and grouped.revenue between 0 and months.revenue
                then cast(grouped.revenue as {{ float_type() }}) / cast(months.revenue as {{ float_type() }})
        end as share_of_revenue
    from grouped
    inner join months
        on grouped.month_start = months.month_start
)

select * from final
