{#- Under which other forms of its id an account may be known elsewhere. -#}
with ids as (
    select id from {{ input.account }}
    union
    select id from {{ input.account_history }}
),

forms as (
    select left(id, 15) as form, {{ salesforce_id("id") }} as account_id from ids
    union
    select id, {{ salesforce_id("id") }} from ids
)

select {{ source | literal }} as source, form as source_account_id, account_id
from forms
where form <> account_id
order by source_account_id
