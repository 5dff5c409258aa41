{%- from "salesforce_fivetran/versions.sql" import versions with context -%}
{%- set start = "coalesce(" ~ date("service_start") ~ ", " ~ date("close_date") ~ ")" -%}
with opportunities as (
{{ versions(input.opportunity) }}
),

latest as (
    select * from opportunities
    qualify row_number() over (partition by record_id order by began_at desc, _row desc) = 1
)

select
    record_id as revenue_id,
    {{ salesforce_id("account_id") }} as account_id,
    coalesce(cast({{ start }} as varchar), service_start, close_date) as period_start,
    coalesce(
        cast({{ date("service_end") }} as varchar), service_end,
        {%- if option.service_months %}
        cast(cast({{ start }} + to_months({{ option.service_months }}) - interval 1 day as date) as varchar),
        {%- endif %}
        cast({{ start }} as varchar), close_date
    ) as period_end,
    {{ number("amount") }} as amount,
    upper(coalesce(currency, {{ option.currency | literal }})) as currency,
    case
        when service_start is not null or service_end is not null or {{ option.service_months }} > 0 then 'subscription'
        else 'sales'
    end as revenue_type,
    case when is_gone then 'true' else 'false' end as is_deleted,
    {{ instant("began_at") }} as updated_at,
    {{ instant("_fivetran_synced") }} as loaded_at
from latest
where {{ is_true("is_won") }}
order by revenue_id
