with

accounts as (
    select * from {{ ref('dim_accounts') }}
),

standings as (
    select * from {{ ref('int_account_standings_dated') }}
),

answers as (
    select * from {{ ref('int_nps_answers_sequenced') }}
    where
        is_linked
        and program_type = '{{ var("headline_program_type") }}'
),

account_months as (
    select * from {{ ref('int_account_months_observed') }}
    where month_start = {{ month_start(as_of_date()) }}
),

contracts as (
    select * from {{ ref('stg_crm__contracts') }}
    where
        verdict = 'accepted'
        and start_date <= {{ as_of_date() }}
        and end_date >= {{ as_of_date() }}
),

invitation_records as (
    select count(*) > 0 as has_invitation_records
    from {{ ref('fct_survey_invitations') }}
),

standing_now as (
    select * from standings
    where as_of_date = {{ as_of_date() }}
),

standing_before as (
    select * from standings
    where as_of_date = {{ add_days(as_of_date(), -var('account_window_days')) }}
),

last_answers as (
    select
        account_id,
        max(answered_date) as last_answered_date
    from answers
    group by account_id
),

renewals as (
    select
        account_id,
        min(end_date) as next_renewal_date
    from contracts
    group by account_id
),

joined as (
    select
        accounts.account_id,
        {{ nps_group(
            'standing_now.account_points',
            'coalesce(standing_now.n_invitations, 0)',
            'invitation_records.has_invitation_records',
        ) }} as nps_group,
        standing_now.account_points,
        standing_now.waterfall_points,
        standing_before.account_points as previous_points,
        standing_now.lowest_decision_maker_score,
        standing_now.largest_fall,
        coalesce(standing_now.n_contacts_answered, 0) as n_contacts_answered,
        coalesce(account_months.trailing_revenue_12m, 0) as trailing_revenue_12m,
        last_answers.last_answered_date is not null and standing_now.account_points is null as is_expired,
        last_answers.last_answered_date,
        renewals.next_renewal_date
    from accounts
    left join standing_now
        on accounts.account_id = standing_now.account_id
    left join standing_before
        on accounts.account_id = standing_before.account_id
    left join account_months
        on accounts.account_id = account_months.account_id
    left join last_answers
        on accounts.account_id = last_answers.account_id
    left join renewals
        on accounts.account_id = renewals.account_id
    cross join invitation_records
),

-- The first rule that applies; what it says of the account stands once, below.
judged as (
    select
        *,
        case
            when account_points is null and is_expired then 'expired'
            when account_points is null and nps_group = 'no_response' then 'no_response'
            when account_points is null then 'not_invited'
            when account_points < 0 then 'negative_points'
            when lowest_decision_maker_score <= 6 then 'low_decision_maker'
            when largest_fall >= 3 then 'fallen_score'
            when account_points >= 50 and coalesce(lowest_decision_maker_score, 10) >= 7 then 'high_points'
            else 'neither'
        end as risk_rule
    from joined
),

final as (
    select
        account_id,
        {{ as_of_date() }} as as_of_date,
        nps_group,
        case
            when risk_rule in ('expired', 'no_response', 'not_invited') then 'unknown'
            when risk_rule in ('negative_points', 'low_decision_maker', 'fallen_score') then 'at_risk'
            when risk_rule = 'high_points' then 'safe'
            else 'watch'
        end as risk_status,
        case risk_rule
            when 'expired' then 'the last answer has expired'
            when 'no_response' then 'no answer on record'
            when 'not_invited' then 'not asked'
            when 'negative_points' then 'account NPS below 0'
            when 'low_decision_maker' then 'a decision maker gave 6 or less'
            when 'fallen_score' then 'a score fell by 3 or more since the answer before'
            when 'high_points' then 'account NPS of 50 or more, and no decision maker below 7'
            else 'answered, and neither at risk nor safe'
        end as risk_reason,
        '{{ var("reporting_currency") }}' as currency,
        account_points,
        waterfall_points,
        previous_points,
        {{ as_count('n_contacts_answered') }} as n_contacts_answered,
        cast(trailing_revenue_12m as {{ money_type() }}) as trailing_revenue_12m,
        is_expired,
        last_answered_date,
        next_renewal_date
    from judged
)

select * from final
