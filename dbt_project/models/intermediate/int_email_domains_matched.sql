{{ config(meta={'compared_by': 'email_domain'}) }}

with

accounts as (
    select
        surviving_account_id as account_id,
        lower(website) as website,
        lower(email_domains) as email_domains
    from {{ ref('stg_crm__accounts') }}
    where surviving_account_id is not null
),

free_mail_domains as (
    select * from {{ ref('free_mail_domains') }}
),

texts as (
    select
        account_id,
        translate(email_domains, ',;@', '   ') as domains
    from accounts
    where email_domains is not null
    union all
    select
        account_id,
        -- Without scheme, user, path and port.
        regexp_replace(
            regexp_replace(website, {{ text_literal('^\\s*(([a-z][a-z0-9+.-]*:)?//)?([^/?#@]*@)?') }}, ''),
            {{ text_literal('[/?#:\\s].*$') }},
            ''
        ) as domains
    from accounts
    where website is not null
),

words as (
    select
        account_id,
        {{ words_apart('domains') }} as word
    from texts
    {{ join_words_apart('domains') }}
),

domains as (
    select distinct
        account_id,
        regexp_replace(
            regexp_replace(word, {{ text_literal('^www\\.') }}, ''), {{ text_literal('\\.+$') }}, ''
        ) as email_domain
    from words
),

-- What two accounts have says nothing, and what anybody can have neither.
final as (
    select
        domains.email_domain,
        min(domains.account_id) as account_id
    from domains
    left join free_mail_domains
        on domains.email_domain = free_mail_domains.domain
    where
        free_mail_domains.domain is null
        and domains.email_domain like '%_._%'
    group by domains.email_domain
    having count(*) = 1
)

select * from final
