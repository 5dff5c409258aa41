with

-- Superseded versions are the history; an account whose last version is deleted or quarantined has none.
versions as (
    select * from {{ ref('stg_crm__accounts') }}
    where verdict in ('accepted', 'superseded')
),

current_accounts as (
    select account_id from {{ ref('stg_crm__accounts') }}
    where verdict = 'accepted'
),

dated as (
    select
        versions.*,
        {{ local_date('versions.updated_at') }} as updated_date
    from versions
    inner join current_accounts
        on versions.account_id = current_accounts.account_id
),

-- The last version of a day stands for that day; one that was never dated comes first.
last_of_day as (
    select
        *,
        row_number() over (
            partition by account_id, updated_date
            order by
                case when verdict = 'accepted' then 1 else 0 end desc,
                updated_at desc,
                loaded_at desc,
                _row_number desc
        ) as version_of_day
    from dated
),

ordered as (
    select
        *,
        row_number() over (
            partition by account_id
            order by case when updated_date is null then 0 else 1 end, updated_date
        ) as version_number,
        lead(updated_date) over (
            partition by account_id
            order by case when updated_date is null then 0 else 1 end, updated_date
        ) as next_updated_date
    from last_of_day
    where version_of_day = 1
),

-- What is known first is taken to have been so before, and what is known last to last.
final as (
    select
        account_id,
        segment,
        size_band,
        region,
        industry,
        owner_id,
        case when version_number = 1 then date '1900-01-01' else updated_date end as valid_from,
        coalesce(next_updated_date, date '9999-12-31') as valid_to
    from ordered
)

select * from final
