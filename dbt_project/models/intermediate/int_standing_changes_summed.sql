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

-- What an account has at the ends of months: from the month of the first day on, up to that of the day after the last.
standing as (
    select
        account_id,
        1 as n_contacts_answered,
        nps_points as points_sum,
        nps_points * nps_points as points_sq_sum,
        0 as n_invitations,
        {{ month_start('account_standing_from') }} as from_month,
        {{ month_start(add_days('account_standing_until', 1)) }} as until_month
    from answers
    union all
    select
        account_id,
        0 as n_contacts_answered,
        0 as points_sum,
        0 as points_sq_sum,
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
        -n_invitations as n_invitations
    from standing
    where from_month < until_month
),

final as (
    select
        account_id,
        cast(sum(points_sum) as {{ float_type() }}) as points_sum,
        cast(sum(points_sq_sum) as {{ float_type() }}) as points_sq_sum,
        {{ as_count('sum(n_contacts_answered)') }} as n_contacts_answered,
        {{ as_count('sum(n_invitations)') }} as n_invitations,
        month_start
    from changes
    group by account_id, month_start
)

select * from final
