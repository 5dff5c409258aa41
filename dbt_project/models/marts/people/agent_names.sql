{{ config(meta={'compared_by': 'agent_id'}) }}

with

users as (
    select * from {{ ref('stg_crm__users') }}
    where verdict = 'accepted'
),

final as (
    select
        user_id as agent_id,
        user_name as agent_name
    from users
)

select * from final
