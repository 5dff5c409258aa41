select
    owner_id as user_id,
    coalesce(nullif(concat_ws(' ', first_name, last_name), ''), owner_id) as user_name,
    case when {{ is_true("_fivetran_deleted") }} then 'false' else is_active end as is_active,
    {{ instant("updated_at") }} as updated_at
from {{ input.owner }}
order by user_id
