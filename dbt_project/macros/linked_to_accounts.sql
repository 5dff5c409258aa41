{#
    A query: the rows of a relation (account_id, contact_id, contact_email as they came, and a day), each with the account and the
    person that they lead to on that day, the first way that leads to an account:

    account, merged, link   its own account id, that of an account merged since, or a key of another system
    contact                 the account at which the contact was then
    email                   the account at which whoever has the address was then
    domain                  the one account that has the domain of the address
    unlinked                none of them

    Adds linked_account_id, link_method, linked_contact_id, person_id (null where nobody is named, or by a shared mailbox alone),
    is_known_contact, and of the contact named_account_id, buying_role and last_active_at.

    Reads the CTEs account_keys, contact_histories, contact_emails, email_domains and role_mailboxes. What is not needed for a row is
    asked by a null, which costs nothing.
#}
{% macro linked_to_accounts(relation, day) -%}
    select
        {{ relation }}.*,
        coalesce(
            account_keys.account_id, contacts.account_id, mailed.account_id, email_domains.account_id
        ) as linked_account_id,
        case
            when account_keys.account_id is not null then account_keys.link_method
            when contacts.account_id is not null then contacts.link_method
            when mailed.link_method = 'contact' then 'email'
            when mailed.account_id is not null then mailed.link_method
            when email_domains.account_id is not null then 'domain'
            else 'unlinked'
        end as link_method,
        coalesce(
            contacts.surviving_contact_id, mailed.surviving_contact_id, {{ relation }}.contact_id
        ) as linked_contact_id,
        case
            when contacts.contact_id is not null then contacts.person_id
            when mailed.contact_id is not null then mailed.person_id
            when contact_emails.email is null and role_mailboxes.mailbox is null
                then coalesce({{ key_of_email(relation ~ '.contact_email') }}, {{ relation }}.contact_id)
            else {{ relation }}.contact_id
        end as person_id,
        contacts.contact_id is not null or mailed.contact_id is not null as is_known_contact,
        coalesce(contacts.named_account_id, mailed.named_account_id) as named_account_id,
        coalesce(contacts.buying_role, mailed.buying_role) as buying_role,
        coalesce(contacts.last_active_at, mailed.last_active_at) as last_active_at
    from {{ relation }}
    left join account_keys
        on
            {{ relation }}.account_id = account_keys.account_key
            and {{ relation }}.{{ day }} >= account_keys.valid_from
            and {{ relation }}.{{ day }} < account_keys.valid_to
    left join contact_histories as contacts
        on
            {{ relation }}.contact_id = contacts.contact_id
            and {{ relation }}.{{ day }} >= contacts.valid_from
            and {{ relation }}.{{ day }} < contacts.valid_to
    left join contact_emails
        on case when contacts.contact_id is null then {{ relation }}.contact_email end = contact_emails.email
    left join contact_histories as mailed
        on
            contact_emails.contact_id = mailed.contact_id
            and {{ relation }}.{{ day }} >= mailed.valid_from
            and {{ relation }}.{{ day }} < mailed.valid_to
    left join email_domains
        on
            case
                when coalesce(account_keys.account_id, contacts.account_id, mailed.account_id) is null
                    then {{ email_domain(relation ~ '.contact_email') }}
            end = email_domains.email_domain
    left join role_mailboxes
        on
            case
                when coalesce(contacts.contact_id, mailed.contact_id) is null
                    then {{ email_mailbox(relation ~ '.contact_email') }}
            end = role_mailboxes.mailbox
{%- endmacro %}
