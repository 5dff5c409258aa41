{# The CTEs that linked_to_accounts reads. #}
{% macro link_ctes() -%}
account_keys as (
    select * from {{ ref('stg_crm__account_keys') }}
    where account_id is not null
),

contact_histories as {{ not_materialized() }}(
    select * from {{ ref('int_contact_histories_dated') }}
),

contact_emails as (
    select * from {{ ref('int_contact_emails_matched') }}
),

email_domains as (
    select * from {{ ref('int_email_domains_matched') }}
),

role_mailboxes as (
    select * from {{ ref('role_mailboxes') }}
)
{%- endmacro %}
