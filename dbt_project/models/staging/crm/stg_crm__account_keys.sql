{{ config(meta={'compared_by': 'account_key'}) }}

with

accounts as (
    select
        account_id,
        surviving_account_id
    from {{ ref('stg_crm__accounts') }}
    where surviving_account_id is not null
),

links as (
    select * from {{ ref('stg_crm__account_links') }}
    where verdict = 'accepted'
),

-- An account's own key goes before what anybody says of a key of the same letters.
foreign_links as (
    select
        links.source_system,
        links.source_account_id,
        links.account_id,
        coalesce(links.valid_from, date '1900-01-01') as valid_from
    from links
    left join accounts
        on links.source_account_id = accounts.account_id
    where accounts.account_id is null
),

-- Before its first link a key is nobody's.
linked_from as (
    select
        source_system,
        source_account_id,
        account_id,
        valid_from
    from foreign_links
    union all
    select distinct
        cast(null as {{ dbt.type_string() }}) as source_system,
        source_account_id,
        cast(null as {{ dbt.type_string() }}) as account_id,
        date '1900-01-01' as valid_from
    from foreign_links
),

-- Of sources that disagree from one day on, the first by name.
ranked as (
    select
        *,
        row_number() over (
            partition by source_account_id, valid_from
            order by case when account_id is null then 1 else 0 end, source_system
        ) as place
    from linked_from
),

spanned as (
    select
        source_account_id,
        account_id,
        valid_from,
        lead(valid_from) over (partition by source_account_id order by valid_from) as next_valid_from
    from ranked
    where place = 1
),

final as (
    select
        account_id as account_key,
        surviving_account_id as account_id,
        case when account_id = surviving_account_id then 'account' else 'merged' end as link_method,
        date '1900-01-01' as valid_from,
        date '9999-12-31' as valid_to
    from accounts
    union all
    select
        source_account_id as account_key,
        account_id,
        'link' as link_method,
        valid_from,
        coalesce(next_valid_from, date '9999-12-31') as valid_to
    from spanned
)

select * from final
