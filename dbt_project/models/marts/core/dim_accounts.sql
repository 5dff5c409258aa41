{{ config(meta={'compared_by': 'account_id'}) }}

with

accounts as (
    select * from {{ ref('stg_crm__accounts') }}
    where verdict = 'accepted'
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
        *,
        {{ local_date('created_at') }} as created_date,
        {{ local_date('churned_at') }} as churned_date
    from accounts
),

-- A referral on record says more than what the CRM's source field says.
final as (
    select
        dated.account_id,
        dated.account_name,
        dated.parent_account_id,
        dated.industry,
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
        dated.created_date,
        dated.churned_date
    from dated
    left join acquisition_sources
        on dated.acquisition_source = acquisition_sources.acquisition_source
    left join accounts_referred
        on dated.account_id = accounts_referred.account_id
)

select * from final
