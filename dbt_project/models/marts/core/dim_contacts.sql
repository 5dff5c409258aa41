with

contacts as (
    select * from {{ ref('stg_crm__contacts') }}
    where verdict = 'accepted'
),

-- What a contact is now: the last span of its history.
histories as (
    select * from {{ ref('int_contact_histories_dated') }}
    where
        contact_id = surviving_contact_id
        and valid_to = date '9999-12-31'
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

lifecycle_segments as (
    select * from {{ ref('lifecycle_segments') }}
),

described as (
    select
        contacts.*,
        histories.person_id,
        accounts.account_id as known_account_id,
        {{ days_between('accounts.created_date', as_of_date()) }} as tenure_days,
        {{ days_between(local_date('contacts.last_active_at'), as_of_date()) }} as inactive_days
    from contacts
    inner join histories
        on contacts.contact_id = histories.contact_id
    left join accounts
        on histories.account_id = accounts.account_id
),

segmented as (
    {{ with_lifecycle_segment('described') }}
),

final as (
    select
        contact_id,
        known_account_id as account_id,
        person_id,
        buying_role,
        lifecycle_segment,
        coalesce({{ local_date('unsubscribed_at') }} > {{ as_of_date() }}, true) as is_subscribed
    from segmented
)

select * from final
