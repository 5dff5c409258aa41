select
    coalesce({{ json("metadata", option.account_key) if option.account_key else "null" }}, id) as account_id,
    coalesce(name, description, id) as account_name,
    {{ instant("created") }} as created_at,
    case when {{ is_true("is_deleted") }} or {{ is_true("_fivetran_deleted") }} then 'true' else 'false' end as is_deleted,
    {{ instant("_fivetran_synced") }} as loaded_at
from {{ input.customer }}
where coalesce(lower(livemode) not in ('false', 'f', '0'), true)
order by account_id
