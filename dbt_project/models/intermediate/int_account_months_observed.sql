with

accounts as (
    select * from {{ ref('dim_accounts') }}
),

revenue as (
    select
        account_id,
        month_start,
        sum(revenue) as revenue,
        sum(profit) as profit
    from {{ ref('fct_account_revenue_months') }}
    group by account_id, month_start
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

account_history as (
    select * from {{ ref('dim_account_history') }}
),

standings as (
    select * from {{ ref('int_account_standings_dated') }}
),

invitation_records as (
    select count(*) > 0 as has_invitation_records
    from {{ ref('fct_survey_invitations') }}
),

first_revenue as (
    select
        account_id,
        min(month_start) as month_start
    from revenue
    group by account_id
),

-- An account is observed from its creation or its first revenue on, whichever is earlier, within the calendar.
observed as (
    select
        accounts.account_id,
        accounts.churned_date,
        calendar.last_month,
        greatest(
            coalesce(
                {{ least_date(month_start('accounts.created_date'), 'first_revenue.month_start') }},
                first_revenue.month_start,
                calendar.first_month
            ),
            calendar.first_month
        ) as first_month
    from accounts
    left join first_revenue
        on accounts.account_id = first_revenue.account_id
    cross join calendar
),

account_months as (
    select
        account_id,
        churned_date,
        {{ months_spanned('first_month', 'last_month') }} as month_start
    from observed
    where first_month <= last_month
),

dated as (
    select
        *,
        {{ add_days(add_months('month_start', 1), -1) }} as month_end
    from account_months
),

earning as (
    select
        dated.*,
        coalesce(revenue.revenue, 0) as revenue,
        coalesce(revenue.profit, 0) as profit,
        revenue.revenue is not null
        or dated.churned_date is null
        or dated.churned_date > dated.month_start as is_customer
    from dated
    left join revenue
        on
            dated.account_id = revenue.account_id
            and dated.month_start = revenue.month_start
),

-- A frame of whole months, not of rows: the twelve before the month. Framed while the rows are narrow.
trailed as (
    select
        *,
        sum(revenue) over (
            partition by account_id
            order by {{ month_index('month_start') }}
            range between 12 preceding and 1 preceding
        ) as trailing_revenue_12m
    from earning
),

joined as (
    select
        trailed.*,
        account_history.segment,
        account_history.size_band,
        account_history.region,
        account_history.industry,
        account_history.owner_id,
        standings.account_points,
        standings.account_points_sq_sum,
        coalesce(standings.n_contacts_answered, 0) as n_contacts_answered,
        coalesce(standings.n_invitations, 0) as n_invitations,
        invitation_records.has_invitation_records
    from trailed
    left join account_history
        on
            trailed.account_id = account_history.account_id
            and trailed.month_end >= account_history.valid_from
            and trailed.month_end < account_history.valid_to
    left join standings
        on
            trailed.account_id = standings.account_id
            and trailed.month_end = standings.as_of_date
    cross join invitation_records
),

final as (
    select
        account_id,
        segment,
        size_band,
        region,
        industry,
        owner_id,
        {{ nps_group('account_points', 'n_invitations', 'has_invitation_records') }} as nps_group,
        account_points,
        account_points_sq_sum,
        n_contacts_answered,
        n_invitations,
        cast(revenue as {{ money_type() }}) as revenue,
        cast(profit as {{ money_type() }}) as profit,
        cast(coalesce(trailing_revenue_12m, 0) as {{ money_type() }}) as trailing_revenue_12m,
        is_customer,
        month_start,
        month_end
    from joined
)

select * from final
