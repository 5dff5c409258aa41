-- No answer of a month is lost between its themes, and none counts twice.

with

impacts as (
    select * from {{ ref('theme_impact') }}
    where question = 'all'
),

final as (
    select
        month_start,
        max(nps) as nps,
        sum(contribution) as contributions
    from impacts
    group by month_start
    having abs(sum(contribution) - max(nps)) > 1e-9
)

select * from final
