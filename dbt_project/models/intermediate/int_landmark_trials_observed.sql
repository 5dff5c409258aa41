{# Exposure is what had happened by the landmark; whatever was done later belongs to the outcome's time. #}
{% set landmark_days = (var('landmark_hours') / 24) | round(0, 'ceil') | int %}
{% set landmark_date = add_days(local_date('follow_ups.answered_at'), landmark_days) %}
{% set outcome_date = add_days(landmark_date, var('uplift_days')) %}
{% set next_from, next_until = add_months(month_start(landmark_date), 1), add_months(month_start(landmark_date), 13) %}

{# What becomes certain between two dates: the landmark, the outcome, the year of revenue. #}
{% set ways_to_mature = [] %}
{% for day in [landmark_date, outcome_date, add_days(next_until, -1)] %}
{% do ways_to_mature.append(
    '(' ~ day ~ " > least(date '{before}', date '{now}') and " ~ day ~ " <= greatest(date '{before}', date '{now}'))"
) %}
{% endfor %}

{{ config(meta={'recompute': {
    'unit': 'response_id',
    'follow': {
        'int_follow_ups_expected': 'response_id',
        'fct_nps_responses': 'select response_id from ' ~ changed_in([
            'response_id', 'nps_category', 'segment', 'size_band', 'score', 'trailing_revenue_12m', 'answered_date',
        ]),
        'dim_accounts': '
            select response_id from {int_follow_ups_expected} where account_id in (
                select account_id from ' ~ changed_in(['account_id', 'churned_date']) ~ '
            )
        ',
        'fct_account_revenue_months': '
            select follow_ups.response_id from {int_follow_ups_expected} as follow_ups
            inner join {changes} as changes on follow_ups.account_id = changes.account_id
            where changes.month_start >= ' ~ next_from ~ ' and changes.month_start < ' ~ next_until ~ '
            union all
            select response_id from {int_follow_ups_expected}
            where
                (select min(month_start) from {changes})
                <= coalesce((select min(month_start) from {fct_account_revenue_months}), date \'9999-12-31\')
        ',
        'as_of': 'select follow_ups.response_id from {int_follow_ups_expected} as follow_ups where '
            ~ ways_to_mature | join(' or '),
    },
    'days': rows_of_days('response_id', ['int_follow_ups_expected'], 'answered_date')
        ~ ' union all ' ~ rows_of_days('response_id', ['this'], add_days('landmark_date', -landmark_days)),
}}) }}

{% set stratum = [] %}
{% for column in var('uplift_strata') %}
{% do stratum.append('coalesce(eligible.' ~ column ~ ", 'unknown')") %}
{% endfor %}

with

follow_ups as (
    select * from {{ ref('int_follow_ups_expected') }}
    where
        is_detractor
        {{ touched('response_id') }}
),

answers as (
    select * from {{ ref('fct_nps_responses') }}
    where
        nps_category = 'detractor'
        {{ touched('response_id') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

revenue as (
    select * from {{ ref('fct_account_revenue_months') }}
    {{ touched_when('account_id in (select account_id from follow_ups)', 'where') }}
),

ledger as (
    select min(month_start) as first_month
    from {{ ref('fct_account_revenue_months') }}
),

dated as (
    select
        follow_ups.response_id,
        follow_ups.account_id,
        follow_ups.team,
        follow_ups.owner_id,
        answers.segment,
        answers.size_band,
        case when answers.score <= {{ var('severe_score') }} then 'severe' else 'mild' end as severity,
        answers.trailing_revenue_12m as base_revenue,
        follow_ups.minutes_spent / 60 as hours_spent,
        follow_ups.attributed_revenue,
        coalesce(follow_ups.hours_to_first_contact <= {{ var('landmark_hours') }}, false) as is_attempted,
        follow_ups.was_reached_by_landmark as is_reached,
        accounts.churned_date,
        {{ add_months(month_start('answers.answered_date'), -12) }} >= ledger.first_month as is_base_complete,
        {{ landmark_date }} as landmark_date,
        {{ outcome_date }} as outcome_date,
        {{ next_from }} as next_from,
        {{ next_until }} as next_until
    from follow_ups
    inner join answers
        on follow_ups.response_id = answers.response_id
    inner join accounts
        on follow_ups.account_id = accounts.account_id
    cross join ledger
),

-- Who had left by the landmark could not be called any more and is in neither group: no time is counted as immortal.
eligible as (
    select
        *,
        is_base_complete
        and base_revenue > 0
        and next_until <= {{ add_days(as_of_date(), 1) }} as is_revenue_complete
    from dated
    where
        landmark_date <= {{ as_of_date() }}
        and (churned_date is null or churned_date > landmark_date)
),

next_revenues as (
    select
        eligible.response_id,
        sum(revenue.revenue) as next_revenue
    from eligible
    inner join revenue
        on
            eligible.account_id = revenue.account_id
            and eligible.next_from <= revenue.month_start
            and eligible.next_until > revenue.month_start
    where eligible.is_revenue_complete
    group by eligible.response_id
),

final as (
    select
        eligible.response_id,
        eligible.account_id,
        eligible.team,
        eligible.owner_id,
        {{ stratum | join(" || '|' || ") }} as stratum,
        eligible.base_revenue,
        case when eligible.is_revenue_complete then coalesce(next_revenues.next_revenue, 0) end as next_revenue,
        eligible.hours_spent,
        eligible.attributed_revenue,
        eligible.is_attempted,
        eligible.is_reached,
        eligible.outcome_date <= {{ as_of_date() }} as is_outcome_complete,
        eligible.is_revenue_complete,
        eligible.churned_date is null or eligible.churned_date > eligible.outcome_date as is_retained,
        eligible.landmark_date,
        {{ month_start('eligible.landmark_date') }} as landmark_month
    from eligible
    left join next_revenues
        on eligible.response_id = next_revenues.response_id
)

select * from final
