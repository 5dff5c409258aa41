{%- from "salesforce_fivetran/versions.sql" import versions with context -%}
with accounts as (
{{ versions(input.account) }}
),

earlier as (
{{ versions(input.account_history) }}
),

{#- Of a table of history, only what the table itself does not have. #}
combined as (
    select * from accounts
    union all by name
    select earlier.* replace (
        earlier.is_gone and earlier.record_id not in (select record_id from accounts) as is_gone
    )
    from earlier
    where not ({{ is_true("earlier._fivetran_active") }} and earlier.record_id in (select record_id from accounts))
)

select
    {%- for column in more %}
    {{ read_as(column, column | identifier) }} as {{ column | identifier }},
    {%- endfor %}
    record_id as account_id,
    name as account_name,
    {{ salesforce_id("parent_id") }} as parent_account_id,
    survivor_id as merged_into_id,
    industry,
    segment,
    size_band,
    region,
    country_code,
    {{ salesforce_id("owner_id") }} as owner_id,
    acquisition_source,
    website,
    {{ instant("created_date") }} as created_at,
    {{ instant("churned_at") }} as churned_at,
    case when is_gone then 'true' else 'false' end as is_deleted,
    {{ instant("began_at") }} as updated_at,
    {{ instant("_fivetran_synced") }} as loaded_at
from combined
order by account_id, updated_at
