with

answers as (
    select * from {{ ref('fct_nps_responses') }}
),

final as (
    select
        response_id,
        cast('reason' as {{ dbt.type_string() }}) as question,
        cast(null as {{ dbt.type_string() }}) as comment_redacted,
        cast(null as {{ float_type() }}) as sentiment
    from answers
    where response_id is null
)

select * from final
