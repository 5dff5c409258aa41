{%- from "salesforce_fivetran/versions.sql" import versions with context -%}
with users as (
{{ versions(input.user) }}
)

select
    record_id as user_id,
    coalesce(name, nullif(concat_ws(' ', first_name, last_name), ''), record_id) as user_name,
    department as team,
    case when is_gone then 'false' else is_active end as is_active,
    {{ instant("began_at") }} as updated_at
from users
order by user_id, updated_at
