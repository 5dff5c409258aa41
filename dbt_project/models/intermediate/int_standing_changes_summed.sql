{{ config(meta={'recompute': {
    'unit': 'account_id',
    'follow': {'int_nps_answers_sequenced': 'account_id', 'fct_survey_invitations': 'account_id'},
}}) }}

with

answers as (
    select * from {{ ref('int_nps_answers_sequenced') }}
    where
        is_linked
        and program_type = '{{ var("headline_program_type") }}'
        and account_standing_from is not null
        {{ touched('account_id') }}
),

invitations as (
    select * from {{ ref('fct_survey_invitations') }}
    where
        account_id is not null
        and program_type = '{{ var("headline_program_type") }}'
        {{ touched('account_id') }}
),

persons as (
    select
        account_id,
        respondent_id,
        min(answered_date) as first_answered_date
    from answers
    group by account_id, respondent_id
),

-- The people of an account go to its halves in turn, in the order of their first answers: who comes later moves nobody.
halves as (
    select
        account_id,
        respondent_id,
        mod(row_number() over (
            partition by account_id
            order by first_answered_date, {{ text_hash('respondent_id') }}
        ), 2) as n_of_first_half
    from persons
),

-- What an account has at the ends of months: from the month of the first day on, up to that of the day after the last.
standing as (
    select
        answers.account_id,
        1 as n_contacts_answered,
        answers.nps_points as points_sum,
        answers.nps_points * answers.nps_points as points_sq_sum,
        halves.n_of_first_half,
        0 as n_invitations,
        {{ month_start('answers.account_standing_from') }} as from_month,
        {{ month_start(add_days('answers.account_standing_until', 1)) }} as until_month
    from answers
    inner join halves
        on
            answers.account_id = halves.account_id
            and answers.respondent_id = halves.respondent_id
    union all
    select
        account_id,
        0 as n_contacts_answered,
        0 as points_sum,
        0 as points_sq_sum,
        0 as n_of_first_half,
        1 as n_invitations,
        {{ month_start('sent_date') }} as from_month,
        {{ month_start(add_days('sent_date', var('account_window_days'))) }} as until_month
    from invitations
),

changes as (
    select
        account_id,
        from_month as month_start,
        n_contacts_answered,
        points_sum,
        points_sq_sum,
        0 as fresh_points_sum,
        0 as first_half_points_sum,
        0 as n_fresh_answers,
        0 as n_first_half_answers,
        n_invitations
    from standing
    where from_month < until_month
    union all
    select
        account_id,
        until_month as month_start,
        -n_contacts_answered as n_contacts_answered,
        -points_sum as points_sum,
        -points_sq_sum as points_sq_sum,
        0 as fresh_points_sum,
        0 as first_half_points_sum,
        0 as n_fresh_answers,
        0 as n_first_half_answers,
        -n_invitations as n_invitations
    from standing
    where from_month < until_month
    union all
    -- An answer is fresh at one quarter end at most: that of the quarter in which it was given.
    select
        account_id,
        {{ add_months(quarter_start('from_month'), 2) }} as month_start,
        0 as n_contacts_answered,
        0 as points_sum,
        0 as points_sq_sum,
        points_sum as fresh_points_sum,
        n_of_first_half * points_sum as first_half_points_sum,
        n_contacts_answered as n_fresh_answers,
        n_of_first_half as n_first_half_answers,
        0 as n_invitations
    from standing
    where
        n_contacts_answered = 1
        and {{ quarter_start('from_month') }} < {{ quarter_start('until_month') }}
),

final as (
    select
        account_id,
        cast(sum(points_sum) as {{ float_type() }}) as points_sum,
        cast(sum(points_sq_sum) as {{ float_type() }}) as points_sq_sum,
        cast(sum(fresh_points_sum) as {{ float_type() }}) as fresh_points_sum,
        cast(sum(first_half_points_sum) as {{ float_type() }}) as first_half_points_sum,
        {{ as_count('sum(n_contacts_answered)') }} as n_contacts_answered,
        {{ as_count('sum(n_fresh_answers)') }} as n_fresh_answers,
        {{ as_count('sum(n_first_half_answers)') }} as n_first_half_answers,
        {{ as_count('sum(n_invitations)') }} as n_invitations,
        month_start
    from changes
    group by account_id, month_start
)

select * from final
