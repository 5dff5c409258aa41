with listed as (
    select id as survivor_id, unnest(string_split_regex(merged_ids, '[;, ]+')) as loser_id
    from {{ input.contact }}
    where not ({{ is_true("is_deleted") }} or {{ is_true("_fivetran_deleted") }})
    union all
    {# A list of id:time. #}
    select id, split_part(unnest(string_split_regex(merged_vids, '[;, ]+')), ':', 1)
    from {{ input.contact }}
    where not ({{ is_true("is_deleted") }} or {{ is_true("_fivetran_deleted") }})
    union all
    select coalesce(canonical_vid, contact_id), vid_to_merge from {{ input.contact_merge_audit }}
),

merges as (
    select loser_id, min(survivor_id) as survivor_id
    from listed where loser_id <> '' and loser_id <> survivor_id
    group by all
),

companies as (
    select contact_id, min_by(company_id, (type_id is distinct from '1', company_id)) as company_id
    from {{ input.contact_company }}
    where not {{ is_true("_fivetran_deleted") }}
    group by all
),

contacts as (
    select
        contacts.* replace (coalesce(contacts.company_id, companies.company_id) as company_id),
        merges.survivor_id,
        {{ is_true("is_deleted") }} or {{ is_true("_fivetran_deleted") }} or merges.survivor_id is not null as is_gone
    from {{ input.contact }} as contacts
    left join companies on contacts.id = companies.contact_id
    left join merges on contacts.id = merges.loser_id
    union all by name
    select loser_id as id, survivor_id, true as is_gone
    from merges anti join {{ input.contact }} as contacts on merges.loser_id = contacts.id
)

select
    id as contact_id,
    company_id as account_id,
    survivor_id as merged_into_id,
    lower(email) as email,
    nullif(concat_ws(' ', first_name, last_name), '') as full_name,
    case
        when regexp_matches(roles, '(?i)decision_maker') then 'decision_maker'
        when regexp_matches(roles, '(?i)influencer|champion') then 'influencer'
        when regexp_matches(roles, '(?i)end_user') then 'user'
    end as buying_role,
    {{ instant("created_at") }} as created_at,
    {{ instant("last_active_at") }} as last_active_at,
    {{ instant("unsubscribed_at") }} as unsubscribed_at,
    case when is_gone then 'true' else 'false' end as is_deleted,
    {{ instant("changed_at") }} as updated_at,
    {{ instant("_fivetran_synced") }} as loaded_at
from contacts
order by contact_id
