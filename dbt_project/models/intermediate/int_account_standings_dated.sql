{% set dates = [as_of_date(), add_days(as_of_date(), -var('account_window_days'))] %}

with

answers as (
    select * from {{ ref('int_nps_answers_sequenced') }}
    where
        is_linked
        and program_type = '{{ var("headline_program_type") }}'
        and account_standing_from is not null
),

invitations as (
    select * from {{ ref('fct_survey_invitations') }}
    where
        account_id is not null
        and program_type = '{{ var("headline_program_type") }}'
),

standing_answers as (
    {% for date in dates %}
    select
        *,
        {{ date }} as as_of_date
    from answers
    where {{ date }} between account_standing_from and account_standing_until
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- The waterfall: the most senior role, then the last answer.
ranked_answers as (
    select
        *,
        row_number() over (
            partition by account_id, as_of_date
            order by seniority asc, answered_at desc, response_id desc
        ) as waterfall_rank
    from standing_answers
),

answers_by_account as (
    select
        account_id,
        as_of_date,
        avg(nps_points * 1e0) as account_points,
        sum(nps_points * nps_points) as account_points_sq_sum,
        max(case when waterfall_rank = 1 then nps_points end) as waterfall_points,
        count(*) as n_contacts_answered,
        min(case when buying_role = 'decision_maker' then score end) as lowest_decision_maker_score,
        max(previous_score - score) as largest_fall
    from ranked_answers
    group by account_id, as_of_date
),

standing_invitations as (
    {% for date in dates %}
    select
        account_id,
        {{ date }} as as_of_date
    from invitations
    where {{ date }} between sent_date and {{ add_days('sent_date', var('account_window_days') - 1) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

invitations_by_account as (
    select
        account_id,
        as_of_date,
        count(*) as n_invitations
    from standing_invitations
    group by account_id, as_of_date
),

final as (
    select
        coalesce(answers_by_account.account_id, invitations_by_account.account_id) as account_id,
        cast(answers_by_account.account_points as {{ float_type() }}) as account_points,
        cast(answers_by_account.account_points_sq_sum as {{ float_type() }}) as account_points_sq_sum,
        answers_by_account.waterfall_points,
        answers_by_account.lowest_decision_maker_score,
        answers_by_account.largest_fall,
        coalesce(answers_by_account.n_contacts_answered, 0) as n_contacts_answered,
        coalesce(invitations_by_account.n_invitations, 0) as n_invitations,
        coalesce(answers_by_account.as_of_date, invitations_by_account.as_of_date) as as_of_date
    from answers_by_account
    full outer join invitations_by_account
        on
            answers_by_account.account_id = invitations_by_account.account_id
            and answers_by_account.as_of_date = invitations_by_account.as_of_date
)

select * from final
