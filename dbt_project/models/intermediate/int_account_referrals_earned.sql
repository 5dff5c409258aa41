with

referrals as (
    select
        *,
        {{ local_date('converted_at') }} as converted_date
    from {{ ref('stg_crm__referrals') }}
    where
        verdict = 'accepted'
        and converted_at is not null
        and referred_account_id is not null
),

account_months as (
    select * from {{ ref('int_account_months_observed') }}
),

-- Of a year that is not over nothing is said, and a night's revenue would move it.
account_periods as (
    select * from {{ ref('fct_account_periods') }}
    where is_outcome_complete_12m
),

-- An account is won once: by the first of its referrals.
ranked as (
    select
        *,
        row_number() over (partition by referred_account_id order by converted_at, referral_id) as conversion_rank
    from referrals
),

earned_months as (
    select
        ranked.referrer_account_id,
        ranked.converted_date,
        account_months.month_start,
        account_months.profit
    from ranked
    inner join account_months
        on
            ranked.referred_account_id = account_months.account_id
            and ranked.converted_date <= account_months.month_end
    where ranked.conversion_rank = 1
),

-- Only who was won within the year after the quarter end, and what they paid in it.
final as (
    select
        account_periods.account_id,
        account_periods.as_of_date,
        cast(sum(earned_months.profit) as {{ money_type() }}) as referral_profit
    from account_periods
    inner join earned_months
        on
            account_periods.account_id = earned_months.referrer_account_id
            and account_periods.as_of_date < earned_months.converted_date
            and account_periods.as_of_date < earned_months.month_start
    where earned_months.month_start <= {{ add_months(month_start('account_periods.as_of_date'), 12) }}
    group by account_periods.account_id, account_periods.as_of_date
)

select * from final
