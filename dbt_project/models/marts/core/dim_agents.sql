{{ config(meta={'compared_by': 'agent_id'}) }}

with

users as (
    select * from {{ ref('stg_crm__users') }}
    where verdict = 'accepted'
),

final as (
    select
        user_id as agent_id,
        cast(null as {{ dbt.type_string() }}) as agent_name,
        team,
        coalesce(is_active, true) as is_active
    from users
)

select * from final
