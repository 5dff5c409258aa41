select
    id as contact_id,
    coalesce({{ json("metadata", option.account_key) if option.account_key else "null" }}, id) as account_id,
    lower(email) as email,
    name as full_name,
    {{ instant("created") }} as created_at,
    case when {{ is_true("is_deleted") }} or {{ is_true("_fivetran_deleted") }} then 'true' else 'false' end as is_deleted,
    {{ instant("_fivetran_synced") }} as loaded_at
from {{ input.customer }}
where email is not null and coalesce(lower(livemode) not in ('false', 'f', '0'), true)
order by contact_id
