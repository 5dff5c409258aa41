{% set measures = {
    'check_ins': ('share_two_check_ins', 'n_onboarded'),
    'score': ('nps_day_60', 'n_answers_day_60'),
    'retention': ('retention_12m', 'n_observed_12m'),
} %}

with

accounts as (
    select * from {{ ref('dim_accounts') }}
),

check_ins as (
    select * from {{ ref('stg_crm__check_ins') }}
    where
        verdict = 'accepted'
        and kind = '{{ var("onboarding_kind") }}'
        and completed_at is not null
),

answers as (
    select * from {{ ref('fct_nps_responses') }}
    where
        account_id is not null
        and program_type = 'transactional'
        and touchpoint = '{{ var("onboarding_kind") }}'
),

calendar as (
    select min(date_day) as first_day
    from {{ ref('dim_dates') }}
),

-- Who started before anything was recorded has no onboarding on record, and those of them who left are forgotten.
started as (
    select
        accounts.account_id,
        accounts.created_date,
        accounts.churned_date,
        {{ quarter_start('accounts.created_date') }} as cohort_start,
        {{ add_days('accounts.created_date', var('onboarding_days')) }} as onboarded_date,
        {{ add_days('accounts.created_date', 365) }} as anniversary_date
    from accounts
    cross join calendar
    where
        accounts.created_date >= calendar.first_day
        and accounts.created_date <= {{ as_of_date() }}
),

check_ins_counted as (
    select
        started.account_id,
        count(*) as n_check_ins
    from started
    inner join check_ins
        on started.account_id = check_ins.account_id
    where
        {{ local_date('check_ins.completed_at') }} >= started.created_date
        and {{ local_date('check_ins.completed_at') }} <= started.onboarded_date
    group by started.account_id
),

ranked as (
    select
        started.cohort_start,
        started.account_id,
        answers.nps_points,
        row_number() over (
            partition by answers.respondent_id
            order by answers.answered_at desc, answers.response_id desc
        ) as answer_rank
    from started
    inner join answers
        on started.account_id = answers.account_id
    where
        answers.answered_date >= started.created_date
        and answers.answered_date <= started.onboarded_date
        and started.onboarded_date <= {{ as_of_date() }}
),

-- What is averaged: of an account whether it had its check-ins and whether it stayed, of a person the last answer. An
-- account counts once the days are over, so that the young ones are not taken for neglected or for loyal.
values_by_account as (
    select
        'check_ins' as measure,
        started.cohort_start,
        started.account_id,
        case when coalesce(check_ins_counted.n_check_ins, 0) >= {{ var('onboarding_check_ins') }} then 100 else -100 end
            as points
    from started
    left join check_ins_counted
        on started.account_id = check_ins_counted.account_id
    where started.onboarded_date <= {{ as_of_date() }}
    union all
    select
        'score' as measure,
        cohort_start,
        account_id,
        nps_points as points
    from ranked
    where answer_rank = 1
    union all
    select
        'retention' as measure,
        cohort_start,
        account_id,
        case when coalesce(churned_date > anniversary_date, true) then 100 else -100 end as points
    from started
    where anniversary_date <= {{ as_of_date() }}
),

clusters as (
    select
        measure,
        cohort_start,
        account_id,
        sum(points) as numerator,
        count(*) as denominator,
        1 as n_clusters
    from values_by_account
    group by measure, cohort_start, account_id
),

counts as (
    select
        measure,
        cohort_start,
        count(*) as n_scored,
        count(case when points > 0 then 1 end) as n_promoters,
        count(case when points = 0 then 1 end) as n_passives,
        count(case when points < 0 then 1 end) as n_detractors
    from values_by_account
    group by measure, cohort_start
),

scored as (
    select
        counts.*,
        ratios.estimate as nps,
        ratios.effective_clusters,
        ratios.degrees_of_freedom,
        ratios.std_error,
        ratios.n_clusters = counts.n_scored as is_one_answer_each
    from counts
    inner join {{ jackknife_ratio('clusters', ['measure', 'cohort_start'], crv1=false) }} as ratios
        on
            counts.measure = ratios.measure
            and counts.cohort_start = ratios.cohort_start
),

-- A share p stands for the score 100 · (2p − 1), and has its interval.
sure as (
    select
        *,
        {{ score_interval_columns() }}
    from scored
),

cohorts as (
    select
        cohort_start,
        count(*) as n_accounts,
        max(onboarded_date) as last_onboarded_date
    from started
    group by cohort_start
),

final as (
    select
        cohorts.cohort_start,
        {{ as_count('cohorts.n_accounts') }} as n_accounts,
        {% for measure, (column, count) in measures.items() %}
        {{ as_count('coalesce(' ~ measure ~ '.n_scored, 0)') }} as {{ count }},
        {% if measure == 'score' %}
        {{ measure }}.nps as {{ column }},
        {{ measure }}.ci_low as {{ column }}_ci_low,
        {{ measure }}.ci_high as {{ column }}_ci_high,
        {% else %}
        ({{ measure }}.nps / 100 + 1) / 2 as {{ column }},
        ({{ measure }}.ci_low / 100 + 1) / 2 as {{ column }}_ci_low,
        ({{ measure }}.ci_high / 100 + 1) / 2 as {{ column }}_ci_high,
        {% endif %}
        {% endfor %}
        cohorts.n_accounts >= {{ var('reportable_scored_answers') }} as is_reportable,
        case
            when cohorts.n_accounts < {{ var('minimum_scored_answers') }} then 'suppressed'
            when cohorts.n_accounts < {{ var('reportable_scored_answers') }} then 'low_sample'
        end as suppression_reason,
        cohorts.last_onboarded_date <= {{ as_of_date() }} as is_onboarding_complete
    from cohorts
    {% for measure in measures %}
    left join sure as {{ measure }}
        on
            cohorts.cohort_start = {{ measure }}.cohort_start
            and {{ measure }}.measure = '{{ measure }}'
    {% endfor %}
)

select * from final
