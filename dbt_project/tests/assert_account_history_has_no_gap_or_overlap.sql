-- An account has one version on every day there is, so that a join on the day neither drops nor doubles a row: its
-- spans begin in 1900, meet, and end with the calendar.
with

spans as (
    select
        accounts.account_id,
        history.valid_from,
        history.valid_to,
        lag(history.valid_to) over (partition by accounts.account_id order by history.valid_from) as previous_valid_to,
        lead(history.valid_from) over (partition by accounts.account_id order by history.valid_from) as next_valid_from
    from {{ ref('dim_accounts') }} as accounts
    left join {{ ref('dim_account_history') }} as history
        on accounts.account_id = history.account_id
),

final as (
    select * from spans
    where
        valid_from is null
        or valid_from >= valid_to
        or valid_from <> coalesce(previous_valid_to, date '1900-01-01')
        or valid_to <> coalesce(next_valid_from, date '9999-12-31')
)

select * from final
