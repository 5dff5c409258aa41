{# Invitations are optional: with the first on record, and without the last, every account is in another group. #}
{% set invitations_are_new_or_gone %}
(select count(*) from {fct_survey_invitations}) in (0, (select coalesce(sum(_sign), 0) from {changes}))
{% endset %}

{{ config(meta={'recompute': {
    'unit': 'account_id',
    'follow': {
        'dim_accounts': 'account_id',
        'fct_account_revenue_months': 'account_id',
        'dim_account_history': 'account_id',
        'int_standing_changes_summed': 'account_id',
        'fct_survey_invitations': 'select account_id from {this} where ' ~ invitations_are_new_or_gone,
    },
}}) }}

with

accounts as (
    select * from {{ ref('dim_accounts') }}
    {{ touched('account_id', 'where') }}
),

revenue as (
    select
        account_id,
        month_start,
        sum(revenue) as revenue,
        sum(profit) as profit
    from {{ ref('fct_account_revenue_months') }}
    {{ touched('account_id', 'where') }}
    group by account_id, month_start
),

calendar as (
    select * from {{ ref('int_calendar_bounded') }}
),

account_history as (
    select * from {{ ref('dim_account_history') }}
),

standing_changes as (
    select * from {{ ref('int_standing_changes_summed') }}
    {{ touched('account_id', 'where') }}
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

-- What already stood when the account was first observed, as when it was asked before it was a customer.
opening as (
    select
        observed.account_id,
        sum(standing_changes.points_sum) as points_sum,
        sum(standing_changes.points_sq_sum) as points_sq_sum,
        sum(standing_changes.n_contacts_answered) as n_contacts_answered,
        sum(standing_changes.n_invitations) as n_invitations
    from observed
    inner join standing_changes
        on
            observed.account_id = standing_changes.account_id
            and observed.first_month > standing_changes.month_start
    group by observed.account_id
),

account_months as (
    select
        account_id,
        churned_date,
        {{ months_spanned('first_month', 'last_month') }} as month_start
    from observed
    {{ join_months_spanned('first_month', 'last_month') }}
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
        coalesce(revenue.revenue, 0) <> 0
        or dated.churned_date is null
        or dated.churned_date > dated.month_start as is_customer
    from dated
    left join revenue
        on
            dated.account_id = revenue.account_id
            and dated.month_start = revenue.month_start
),

changing as (
    select
        earning.*,
        coalesce(standing_changes.points_sum, 0) as points_change,
        coalesce(standing_changes.points_sq_sum, 0) as points_sq_change,
        coalesce(standing_changes.n_contacts_answered, 0) as n_contacts_change,
        coalesce(standing_changes.n_invitations, 0) as n_invitations_change,
        standing_changes.fresh_points_sum,
        standing_changes.first_half_points_sum,
        coalesce(standing_changes.n_fresh_answers, 0) as n_fresh_answers,
        coalesce(standing_changes.n_first_half_answers, 0) as n_first_half_answers
    from earning
    left join standing_changes
        on
            earning.account_id = standing_changes.account_id
            and earning.month_start = standing_changes.month_start
),

-- An account has a row for every month, so a frame of rows is one of months: the twelve before the month. What stands
-- is the sum of all changes so far. Framed while the rows are narrow.
trailed as (
    select
        *,
        {% for change in ['points', 'points_sq', 'n_contacts', 'n_invitations'] %}
        sum({{ change }}_change) over (
            partition by account_id
            order by month_start
            rows between unbounded preceding and current row
        ) as {{ change }}_changed,
        {% endfor %}
        sum(revenue) over (
            partition by account_id
            order by month_start
            rows between 12 preceding and 1 preceding
        ) as trailing_revenue_12m
    from changing
),

standing as (
    select
        trailed.*,
        trailed.points_changed + coalesce(opening.points_sum, 0) as points_sum,
        trailed.points_sq_changed + coalesce(opening.points_sq_sum, 0) as points_sq_sum,
        trailed.n_contacts_changed + coalesce(opening.n_contacts_answered, 0) as n_contacts_answered,
        trailed.n_invitations_changed + coalesce(opening.n_invitations, 0) as n_invitations
    from trailed
    left join opening
        on trailed.account_id = opening.account_id
),

joined as (
    select
        standing.*,
        account_history.segment,
        account_history.size_band,
        account_history.region,
        account_history.industry,
        {% for field in var('account_fields') %}
        account_history.{{ field }},
        {% endfor %}
        account_history.owner_id,
        case when standing.n_contacts_answered > 0 then standing.points_sum / standing.n_contacts_answered end
            as account_points,
        case when standing.n_contacts_answered > 0 then standing.points_sq_sum end as account_points_sq_sum,
        case
            when standing.n_first_half_answers > 0
                then standing.first_half_points_sum / standing.n_first_half_answers
        end as first_half_points,
        case
            when standing.n_fresh_answers > standing.n_first_half_answers
                then
                    (standing.fresh_points_sum - standing.first_half_points_sum)
                    / (standing.n_fresh_answers - standing.n_first_half_answers)
        end as second_half_points,
        invitation_records.has_invitation_records
    from standing
    left join account_history
        on
            standing.account_id = account_history.account_id
            and standing.month_end >= account_history.valid_from
            and standing.month_end < account_history.valid_to
    cross join invitation_records
),

final as (
    select
        account_id,
        segment,
        size_band,
        region,
        industry,
        {% for field in var('account_fields') %}
        {{ field }},
        {% endfor %}
        owner_id,
        {{ nps_group('account_points', 'n_invitations', 'has_invitation_records') }} as nps_group,
        cast(account_points as {{ float_type() }}) as account_points,
        cast(account_points_sq_sum as {{ float_type() }}) as account_points_sq_sum,
        cast(first_half_points as {{ float_type() }}) as first_half_points,
        cast(second_half_points as {{ float_type() }}) as second_half_points,
        {{ as_count('n_contacts_answered') }} as n_contacts_answered,
        {{ as_count('n_fresh_answers') }} as n_fresh_answers,
        {{ as_count('n_first_half_answers') }} as n_first_half_answers,
        {{ as_count('n_invitations') }} as n_invitations,
        cast(revenue as {{ money_type() }}) as revenue,
        cast(profit as {{ money_type() }}) as profit,
        cast(coalesce(trailing_revenue_12m, 0) as {{ money_type() }}) as trailing_revenue_12m,
        is_customer,
        month_start,
        month_end
    from joined
)

select * from final
