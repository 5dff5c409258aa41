-- Standing intervals of accounts say what a plain mean says: as of the build, each contact's last answer of the
-- account window in the headline programme, each contact once. A contact whose last answer is not linked does not
-- stand.
with

ranked as (
    select
        account_id,
        nps_points,
        is_linked,
        row_number() over (
            partition by respondent_id
            order by answered_at desc, response_id desc
        ) as answer_rank
    from {{ ref('fct_nps_responses') }}
    where
        program_type = '{{ var("headline_program_type") }}'
        and answered_date > {{ add_days(as_of_date(), -var('account_window_days')) }}
),

recounted as (
    select
        account_id,
        count(*) as n_contacts_answered,
        sum(nps_points) as points_sum
    from ranked
    where
        answer_rank = 1
        and is_linked
    group by account_id
),

final as (
    select
        accounts.account_id,
        accounts.account_points,
        accounts.n_contacts_answered,
        recounted.points_sum as recounted_points_sum,
        recounted.n_contacts_answered as n_recounted
    from {{ ref('account_nps') }} as accounts
    full outer join recounted
        on accounts.account_id = recounted.account_id
    where
        coalesce(accounts.n_contacts_answered, 0) <> coalesce(recounted.n_contacts_answered, 0)
        or abs(
            coalesce(accounts.account_points * accounts.n_contacts_answered, 0) - coalesce(recounted.points_sum, 0)
        ) > 1e-6
)

select * from final
