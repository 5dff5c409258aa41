{%- from "salesforce_fivetran/versions.sql" import versions with context -%}
with contacts as (
{{ versions(input.contact) }}
)

select
    record_id as contact_id,
    {{ salesforce_id("account_id") }} as account_id,
    survivor_id as merged_into_id,
    email,
    coalesce(name, nullif(concat_ws(' ', first_name, last_name), '')) as full_name,
    buying_role,
    {{ instant("created_date") }} as created_at,
    {{ instant("last_activity_date") }} as last_active_at,
    case when is_gone then 'true' else 'false' end as is_deleted,
    {{ instant("began_at") }} as updated_at,
    {{ instant("_fivetran_synced") }} as loaded_at
from contacts
order by contact_id, updated_at
