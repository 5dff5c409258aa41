{%- from "hubspot_fivetran/deals.sql" import won with context -%}
{%- set start = "coalesce(" ~ date("service_start") ~ ", " ~ date("closed_at") ~ ")" -%}
with {{ won() }}

select
    deal_id as revenue_id,
    company_id as account_id,
    coalesce(cast({{ start }} as varchar), service_start, closed_at) as period_start,
    coalesce(
        cast({{ date("service_end") }} as varchar), service_end,
        {%- if option.service_months %}
        cast(cast({{ start }} + to_months({{ option.service_months }}) - interval 1 day as date) as varchar),
        {%- endif %}
        cast({{ start }} as varchar), closed_at
    ) as period_end,
    {{ number("amount") }} as amount,
    upper(coalesce(currency, {{ option.currency | literal }})) as currency,
    case
        when service_start is not null or service_end is not null or {{ option.service_months }} > 0 then 'subscription'
        else 'sales'
    end as revenue_type,
    case when {{ is_true("is_deleted") }} or {{ is_true("_fivetran_deleted") }} then 'true' else 'false' end as is_deleted,
    {{ instant("changed_at") }} as updated_at,
    {{ instant("_fivetran_synced") }} as loaded_at
from won
order by revenue_id
