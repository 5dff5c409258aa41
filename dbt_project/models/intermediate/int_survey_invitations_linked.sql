{% set follow = touched_by_links('select invitation_id from {stg_survey__invitations} where {column} in ({keys})') %}
{% do follow.update({'stg_survey__invitations': 'invitation_id'}) %}

{{ config(meta={'recompute': {
    'unit': 'invitation_id',
    'follow': follow,
    'days': rows_of_days('invitation_id', ['stg_survey__invitations', 'this'], 'sent_date'),
}}) }}

with

invitations as (
    select
        invitation_id,
        contact_id,
        contact_email,
        account_id,
        sent_date,
        sent_at
    from {{ ref('stg_survey__invitations') }}
    where
        verdict = 'accepted'
        {{ touched('invitation_id') }}
),

{{ link_ctes() }},

linked as (
    {{ linked_to_accounts('invitations', 'sent_date') }}
),

final as (
    select
        invitation_id,
        linked_contact_id as contact_id,
        linked_account_id as account_id,
        person_id,
        link_method,
        sent_date,
        sent_at
    from linked
)

select * from final
