{{ config(meta={'recompute': {
    'unit': 'response_id',
    'follow': {
        'int_survey_responses_described': '
            select response_id from {int_survey_responses_described}
            where respondent_id in (select respondent_id from {changes})
            union all
            select response_id from {changes}
        ',
    },
    'days': '
        select response_id from {int_survey_responses_described}
        where respondent_id in (' ~ rows_of_days('respondent_id', ['int_survey_responses_described'], 'answered_date') ~ ')
        union all ' ~ rows_of_days('response_id', ['this'], 'answered_date'),
}}) }}

with

responses as (
    select * from {{ ref('int_survey_responses_described') }}
    where
        counts_as_nps
        and is_scored
        {{ touched('response_id') }}
),

nps_scale as (
    select * from {{ ref('nps_scale') }}
),

buying_roles as (
    select * from {{ ref('buying_roles') }}
),

categorised as (
    select
        responses.*,
        nps_scale.nps_category,
        nps_scale.nps_points,
        -- A role that the vocabulary does not know comes after those that it knows.
        coalesce(buying_roles.seniority, 1000) as seniority,
        {{ month_start('responses.answered_date') }} as month_start
    from responses
    left join nps_scale
        on responses.score = nps_scale.score
    left join buying_roles
        on responses.buying_role = buying_roles.buying_role
),

-- One person in one programme, whatever the survey or the channel.
sequenced as (
    select
        *,
        lag(score) over (
            partition by program_type, respondent_id
            order by answered_at, response_id
        ) as previous_score,
        lead(answered_date) over (
            partition by program_type, respondent_id
            order by answered_at, response_id
        ) as next_answered_date,
        lead(month_start) over (
            partition by program_type, respondent_id
            order by answered_at, response_id
        ) as next_answered_month
    from categorised
),

-- An answer stands until the same person answers again, and no longer than the window.
bounded as (
    select
        *,
        {{ least_date(
            add_days('answered_date', var('trend_window_days') - 1), add_days('next_answered_date', -1)
        ) }} as trend_until,
        {{ least_date(
            add_days('answered_date', var('account_window_days') - 1), add_days('next_answered_date', -1)
        ) }} as account_until
    from sequenced
),

-- Narrow: what else is known of an answer stands in int_survey_responses_described.
final as (
    select
        response_id,
        account_id,
        respondent_id,
        program_type,
        buying_role,
        nps_category,
        score,
        nps_points,
        previous_score,
        seniority,
        is_linked,
        coalesce(next_answered_month > month_start, true) as is_last_of_month,
        coalesce({{ quarter_start('next_answered_month') }} > {{ quarter_start('month_start') }}, true)
            as is_last_of_quarter,
        answered_date,
        month_start,
        case when trend_until >= answered_date then answered_date end as standing_from,
        case when trend_until >= answered_date then trend_until end as standing_until,
        case when account_until >= answered_date then answered_date end as account_standing_from,
        case when account_until >= answered_date then account_until end as account_standing_until,
        answered_at
    from bounded
)

select * from final
