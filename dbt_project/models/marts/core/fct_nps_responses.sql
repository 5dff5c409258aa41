with

answers as (
    select * from {{ ref('int_nps_answers_sequenced') }}
),

account_months as (
    select * from {{ ref('int_account_months_observed') }}
),

contracts as (
    select * from {{ ref('stg_crm__contracts') }}
    where verdict = 'accepted'
),

-- The next renewal at the answer is that of the contract which ends first on or after its day.
renewals as (
    select
        answers.response_id,
        min(contracts.end_date) as renewal_date
    from answers
    inner join contracts
        on
            answers.account_id = contracts.account_id
            and answers.answered_date <= contracts.end_date
            and answers.answered_date >= contracts.start_date
    group by answers.response_id
),

final as (
    select
        answers.response_id,
        answers.invitation_id,
        answers.survey_id,
        answers.account_id,
        answers.contact_id,
        answers.agent_id,
        answers.cluster_id,
        answers.respondent_id,
        answers.program_type,
        answers.channel,
        answers.touchpoint,
        answers.resolution_mode,
        answers.buying_role,
        answers.segment,
        answers.size_band,
        answers.region,
        answers.industry,
        answers.lifecycle_segment,
        answers.agent_team,
        answers.owner_id,
        answers.nps_category,
        answers.score,
        answers.nps_points,
        answers.previous_score,
        answers.seniority,
        case when answers.account_id is not null then coalesce(account_months.trailing_revenue_12m, 0) end
            as trailing_revenue_12m,
        case when answers.account_id is not null then '{{ var("reporting_currency") }}' end as currency,
        {{ days_between('answers.answered_date', 'renewals.renewal_date') }} as days_to_renewal,
        answers.is_linked,
        answers.answered_date,
        answers.month_start,
        answers.standing_from,
        answers.standing_until,
        answers.answered_at
    from answers
    left join account_months
        on
            answers.account_id = account_months.account_id
            and answers.month_start = account_months.month_start
    left join renewals
        on answers.response_id = renewals.response_id
)

select * from final
