{{ config(meta={'compared_by': 'contact_id'}) }}

with

-- Superseded versions are the history; a contact whose last version is deleted or quarantined has none.
versions as (
    select
        contact_id,
        account_id,
        email,
        buying_role,
        verdict,
        {{ local_date('updated_at') }} as updated_date,
        updated_at,
        loaded_at,
        _row_number
    from {{ ref('stg_crm__contacts') }}
    where verdict in ('accepted', 'superseded')
),

-- The key of a contact, and those of all who were merged into it.
keys as (
    select
        contact_id,
        surviving_contact_id
    from {{ ref('stg_crm__contacts') }}
    where surviving_contact_id is not null
),

contacts as (
    select
        contact_id,
        email,
        last_active_at
    from {{ ref('stg_crm__contacts') }}
    where verdict = 'accepted'
),

emails as (
    select * from {{ ref('int_contact_emails_matched') }}
),

email_domains as (
    select * from {{ ref('int_email_domains_matched') }}
),

account_keys as (
    select * from {{ ref('stg_crm__account_keys') }}
),

-- The last version of a day stands for that day; one that was never dated comes first.
last_of_day as (
    select
        versions.*,
        case when versions.updated_date is null then 0 else 1 end as is_dated,
        row_number() over (
            partition by versions.contact_id, versions.updated_date
            order by
                case when versions.verdict = 'accepted' then 1 else 2 end asc,
                versions.updated_at desc nulls last,
                versions.loaded_at desc nulls last,
                versions._row_number desc
        ) as version_of_day
    from versions
    inner join contacts
        on versions.contact_id = contacts.contact_id
),

compared as (
    select
        *,
        row_number() over (partition by contact_id order by is_dated, updated_date) as version_number,
        lag(account_id) over (partition by contact_id order by is_dated, updated_date) as previous_account_id,
        lag(buying_role) over (partition by contact_id order by is_dated, updated_date) as previous_buying_role
    from last_of_day
    where version_of_day = 1
),

-- What else became of the contact is no other span.
moved as (
    select
        contact_id,
        account_id,
        buying_role,
        case when version_number = 1 then date '1900-01-01' else updated_date end as valid_from
    from compared
    where
        version_number = 1
        or coalesce(account_id, '') <> coalesce(previous_account_id, '')
        or coalesce(buying_role, '') <> coalesce(previous_buying_role, '')
),

spanned as (
    select
        *,
        coalesce(
            lead(valid_from) over (partition by contact_id order by valid_from), date '9999-12-31'
        ) as valid_to
    from moved
),

-- A key of another system may stand for one account after the other while the contact stays what it is.
placed as (
    select
        spanned.contact_id,
        spanned.account_id as named_account_id,
        account_keys.account_id,
        spanned.buying_role,
        greatest(spanned.valid_from, coalesce(account_keys.valid_from, spanned.valid_from)) as valid_from,
        {{ least_date('spanned.valid_to', 'coalesce(account_keys.valid_to, spanned.valid_to)') }} as valid_to
    from spanned
    left join account_keys
        on
            spanned.account_id = account_keys.account_key
            and spanned.valid_from < account_keys.valid_to
            and spanned.valid_to > account_keys.valid_from
),

final as (
    select
        keys.contact_id,
        keys.surviving_contact_id,
        coalesce(emails.person_id, contacts.contact_id) as person_id,
        coalesce(placed.account_id, email_domains.account_id) as account_id,
        placed.named_account_id,
        case
            when placed.account_id is not null then 'contact'
            when email_domains.account_id is not null then 'domain'
        end as link_method,
        placed.buying_role,
        placed.valid_from,
        placed.valid_to,
        contacts.last_active_at
    from keys
    inner join contacts
        on keys.surviving_contact_id = contacts.contact_id
    inner join placed
        on contacts.contact_id = placed.contact_id
    left join emails
        on contacts.email = emails.email
    left join email_domains
        on {{ email_domain('contacts.email') }} = email_domains.email_domain
)

select * from final
