with

checks as (
    select * from {{ ref('int_revenue_checked') }}
),

final as (
    select count(case when verdict = 'failed' then 1 end) > 0 as is_withheld
    from checks
)

select * from final
