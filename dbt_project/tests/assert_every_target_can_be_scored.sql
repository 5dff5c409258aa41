-- A misspelt entity, period or programme would be a target that nobody ever misses. An entity is `company`, or a
-- dimension and its value; a period a year, a quarter or a month, such as 2026, 2026-Q1 and 2026-03.
{% set dimensions = "'" ~ var('answer_dimensions') | join("', '") ~ "'" %}

with

targets as (
    select
        *,
        coalesce(cast(period as {{ dbt.type_string() }}), '') as period_text
    from {{ ref('nps_targets') }}
),

final as (
    select
        entity,
        program_type,
        period,
        low,
        high
    from targets
    where
        low is null
        or low not between -100 and 100
        or coalesce(high, low) not between low and 100
        or coalesce(program_type, 'relationship') not in ('relationship', 'transactional', 'on_demand')
        or not (
            entity = 'company'
            or (
                {{ dbt.position("'='", 'entity') }} > 1
                and length(entity) > {{ dbt.position("'='", 'entity') }}
                and substring(entity, 1, {{ dbt.position("'='", 'entity') }} - 1) in ({{ dimensions }})
            )
        )
        or entity is null
        or not (
            substring(period_text, 1, 4) between '1900' and '2999'
            and (
                length(period_text) = 4
                or (length(period_text) = 7 and substring(period_text, 5) in ('-Q1', '-Q2', '-Q3', '-Q4'))
                or (
                    length(period_text) = 7
                    and substring(period_text, 5, 1) = '-'
                    and substring(period_text, 6) between '01' and '12'
                )
            )
        )
)

select * from final
