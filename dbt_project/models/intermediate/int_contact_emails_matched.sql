{{ config(meta={'compared_by': 'email'}) }}

with

-- Of each person on record every address: the current one, former ones, and those of whom was merged into the person.
contacts as (
    select * from {{ ref('stg_crm__contacts') }}
    where contact_id is not null
),

survivors as (
    select
        contact_id,
        surviving_contact_id
    from {{ ref('stg_crm__contacts') }}
    where surviving_contact_id is not null
),

account_keys as (
    select * from {{ ref('stg_crm__account_keys') }}
    where valid_to = date '9999-12-31'
),

role_mailboxes as (
    select * from {{ ref('role_mailboxes') }}
),

current_emails as (
    select
        contacts.email,
        contacts.contact_id,
        contacts.updated_at,
        account_keys.account_id
    from contacts
    left join account_keys
        on contacts.account_id = account_keys.account_key
    where
        contacts.verdict = 'accepted'
        and contacts.email is not null
),

counted as (
    select
        email,
        min(contact_id) as person_id,
        count(*) as n_contacts,
        count(distinct account_id) as n_accounts
    from current_emails
    group by email
),

-- The mailbox of a role, or one of people at many accounts, is several persons once several contacts have it.
judged as (
    select
        counted.*,
        counted.n_contacts = 1
        or (
            role_mailboxes.mailbox is null
            and counted.n_accounts <= {{ var('maximum_accounts_of_person') }}
        ) as is_of_one_person
    from counted
    left join role_mailboxes
        on {{ email_mailbox('counted.email') }} = role_mailboxes.mailbox
),

-- The contact for an answer that brings the address alone: one with a known account, then the one touched last.
ranked as (
    select
        email,
        contact_id,
        row_number() over (
            partition by email
            order by case when account_id is null then 1 else 0 end asc, updated_at desc nulls last, contact_id asc
        ) as place
    from current_emails
),

former_emails as (
    select
        contacts.email,
        min(survivors.surviving_contact_id) as contact_id
    from contacts
    inner join survivors
        on contacts.contact_id = survivors.contact_id
    left join counted
        on contacts.email = counted.email
    where
        contacts.verdict <> 'accepted'
        and counted.email is null
        and contacts.email is not null
    group by contacts.email
    having min(survivors.surviving_contact_id) = max(survivors.surviving_contact_id)
),

final as (
    select
        judged.email,
        case when judged.is_of_one_person then ranked.contact_id end as contact_id,
        case when judged.is_of_one_person then judged.person_id end as person_id
    from judged
    inner join ranked
        on
            judged.email = ranked.email
            and ranked.place = 1
    union all
    select
        email,
        contact_id,
        cast(null as {{ dbt.type_string() }}) as person_id
    from former_emails
)

select * from final
