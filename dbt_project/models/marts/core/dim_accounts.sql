{{ config(meta={'compared_by': 'account_id'}) }}

with

accounts as (
    select * from {{ ref('stg_crm__accounts') }}
    where verdict = 'accepted'
),

survivors as (
    select
        account_id,
        surviving_account_id,
        created_at
    from {{ ref('stg_crm__accounts') }}
    where surviving_account_id is not null
),

-- A customer since the first of the accounts that were merged into one.
opened as (
    select
        surviving_account_id as account_id,
        min(created_at) as created_at
    from survivors
    group by surviving_account_id
),

acquisition_sources as (
    select * from {{ ref('acquisition_sources') }}
),

referrals as (
    select * from {{ ref('stg_crm__referrals') }}
    where verdict = 'accepted'
),

accounts_referred as (
    select distinct referred_account_id as account_id
    from referrals
    where
        referred_account_id is not null
        and converted_at is not null
),

dated as (
    select
        accounts.*,
        survivors.surviving_account_id as known_parent_id,
        {{ local_date('opened.created_at') }} as created_date,
        {{ local_date('accounts.churned_at') }} as churned_date
    from accounts
    inner join opened
        on accounts.account_id = opened.account_id
    left join survivors
        on accounts.parent_account_id = survivors.account_id
),

-- Up to the last parent that is on record (dim_accounts__finds_the_ultimate_parent).
parents as (
    select
        account_id as id,
        known_parent_id as next_id
    from dated
    where known_parent_id <> account_id
),

{{ chains_followed('parents') }},

-- A referral on record says more than what the CRM's source field says.
final as (
    select
        dated.account_id,
        dated.account_name,
        coalesce(dated.known_parent_id, dated.parent_account_id) as parent_account_id,
        coalesce(parents_ended.end_id, dated.account_id) as ultimate_parent_account_id,
        dated.industry,
        {% for field in var('account_fields') %}
        dated.{{ field }},
        {% endfor %}
        dated.segment,
        dated.size_band,
        dated.region,
        dated.country_code,
        dated.owner_id,
        case
            when accounts_referred.account_id is not null then 'earned'
            else coalesce(acquisition_sources.acquisition_class, 'unknown')
        end as acquisition_class,
        coalesce(dated.churned_date > {{ as_of_date() }}, true) as is_active,
        parents_ended.id is not null and parents_ended.end_id is null as is_parent_circular,
        dated.created_date,
        dated.churned_date
    from dated
    left join acquisition_sources
        on dated.acquisition_source = acquisition_sources.acquisition_source
    left join accounts_referred
        on dated.account_id = accounts_referred.account_id
    left join parents_ended
        on dated.account_id = parents_ended.id
)

select * from final
