with

responses as (
    select * from {{ ref('stg_survey__responses') }}
    where
        verdict in ('accepted', 'quarantined')
        and response_id is not null
),

definitions as (
    select * from {{ ref('stg_survey__definitions') }}
    where verdict = 'accepted'
),

-- Without a definition a survey is NPS on 0-10, as dim_surveys has it.
final as (
    select
        responses.traced_survey_id as survey_id,
        responses.score_text,
        responses.quarantine_reason,
        coalesce(definitions.metric, 'nps') as metric,
        responses.score,
        cast(coalesce(definitions.scale_min, 0) as {{ dbt.type_int() }}) as scale_min,
        cast(coalesce(definitions.scale_max, 10) as {{ dbt.type_int() }}) as scale_max,
        definitions.survey_id is not null as is_defined,
        responses.score is not null and {{ parse_number('responses.score_text') }} is null as is_worded,
        {{ as_count('count(*)') }} as n_rows,
        min(responses.response_id) as example_key
    from responses
    left join definitions
        on responses.traced_survey_id = definitions.survey_id
    group by
        responses.traced_survey_id,
        responses.score_text,
        responses.quarantine_reason,
        definitions.survey_id,
        definitions.metric,
        responses.score,
        definitions.scale_min,
        definitions.scale_max
)

select * from final
