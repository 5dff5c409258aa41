with listed as (
    select id as survivor_id, unnest(string_split_regex(merged_ids, '[;, ]+')) as loser_id, name
    from {{ input.company }}
    where not ({{ is_true("is_deleted") }} or {{ is_true("_fivetran_deleted") }})
),

merges as (
    select loser_id, min(survivor_id) as survivor_id, min(name) as name
    from listed where loser_id <> '' and loser_id <> survivor_id
    group by all
),

companies as (
    select
        companies.*,
        merges.survivor_id,
        {{ is_true("is_deleted") }} or {{ is_true("_fivetran_deleted") }} or merges.survivor_id is not null as is_gone
    from {{ input.company }} as companies
    left join merges on companies.id = merges.loser_id
    union all by name
    {# A loser that is not in the table any more. #}
    select loser_id as id, survivor_id, name, true as is_gone
    from merges anti join {{ input.company }} as companies on merges.loser_id = companies.id
)

select
    {%- for column in more %}
    {{ read_as(column, column | identifier) }} as {{ column | identifier }},
    {%- endfor %}
    id as account_id,
    coalesce(name, domain, id) as account_name,
    parent_id as parent_account_id,
    survivor_id as merged_into_id,
    industry,
    segment,
    size_band,
    region,
    case when length(country) = 2 then upper(country) end as country_code,
    owner_id,
    acquisition_source,
    coalesce(domain, website) as website,
    {{ instant("created_at") }} as created_at,
    {{ instant("churned_at") }} as churned_at,
    case when is_gone then 'true' else 'false' end as is_deleted,
    {{ instant("changed_at") }} as updated_at,
    {{ instant("_fivetran_synced") }} as loaded_at
from companies
order by account_id
