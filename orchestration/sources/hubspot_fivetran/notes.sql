{%- from "hubspot_fivetran/deals.sql" import won with context -%}
with {{ won() }}

select
    'deals_not_taken' as rule,
    count(*) as n_rows,
    'deals are won, and their amounts are not read as revenue.' as message,
    'If no other source gives the revenue, add crm_revenue to the option tables.' as next_step,
    false as is_fatal
from won
having {{ "false" if "crm_revenue" in (option.tables or []) else "true" }}
union all
select
    'deals_without_company',
    count(*),
    'won deals belong to no company; their amounts go to quarantine.',
    'Load deal_company anew, or link the deals in HubSpot.',
    false
from won
where company_id is null and {{ "true" if "crm_revenue" in (option.tables or []) else "false" }}
union all
select
    'deals_without_stage',
    count(*),
    'deals are at a stage that deal_pipeline_stage does not have, so that nobody knows whether they are won.',
    'Load deal_pipeline_stage anew.',
    false
from {{ input.deal }} as deals
anti join {{ input.deal_pipeline_stage }} as stages on deals.stage_id = stages.stage_id
where deals.is_won is null and {{ "true" if "crm_revenue" in (option.tables or []) else "false" }}
