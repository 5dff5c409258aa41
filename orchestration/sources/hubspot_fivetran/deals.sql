{#- Deals that are won, each once: with its primary company (type 5), and without those that were merged into another. -#}
{%- macro won() -%}
companies as (
    select deal_id, min_by(company_id, (type_id is distinct from '5', company_id)) as company_id
    from {{ input.deal_company }}
    where not {{ is_true("_fivetran_deleted") }}
    group by all
),

won as (
    select deals.*, companies.company_id
    from {{ input.deal }} as deals
    left join {{ input.deal_pipeline_stage }} as stages on deals.stage_id = stages.stage_id
    left join companies on deals.deal_id = companies.deal_id
    where ({{ is_true("deals.is_won") }} or {{ is_true("stages.closed_won") }})
        and deals.deal_id not in (select merged_deal_id from {{ input.merged_deal }} where merged_deal_id is not null)
)
{%- endmacro -%}
