with

definitions as (
    select * from {{ ref('stg_survey__definitions') }}
    where verdict = 'accepted'
),

responses as (
    select * from {{ ref('stg_survey__responses') }}
    where verdict = 'accepted'
),

invitations as (
    select * from {{ ref('stg_survey__invitations') }}
    where verdict = 'accepted'
),

withheld as (
    select * from {{ ref('int_surveys_withheld') }}
),

surveys_named as (
    select survey_id from definitions
    union distinct
    select survey_id from responses
    union distinct
    select survey_id from invitations
),

-- Without a definition a survey is a relationship survey that asks for NPS on 0-10.
described as (
    select
        coalesce(surveys_named.survey_id, 'unspecified') as survey_id,
        coalesce(definitions.survey_name, surveys_named.survey_id, 'unspecified') as survey_name,
        coalesce(definitions.program_type, 'relationship') as program_type,
        coalesce(definitions.metric, 'nps') as metric,
        coalesce(definitions.scale_direction, 'higher_is_better') as scale_direction,
        coalesce(definitions.scale_min, 0) as scale_min,
        coalesce(definitions.scale_max, 10) as scale_max,
        definitions.counts_as_nps
    from surveys_named
    left join definitions
        on surveys_named.survey_id = definitions.survey_id
),

-- A question that is not an NPS question never counts; another scale than 0-10 only where its definition says so.
final as (
    select
        described.survey_id,
        described.survey_name,
        described.program_type,
        described.metric,
        described.scale_direction,
        -- The check that failed; source_checks says of what.
        cast(withheld.check_name as {{ dbt.type_string() }}) as suppression_reason,
        cast(described.scale_min as integer) as scale_min,
        cast(described.scale_max as integer) as scale_max,
        described.metric = 'nps'
        and coalesce(described.counts_as_nps, described.scale_min = 0 and described.scale_max = 10) as counts_as_nps
    from described
    left join withheld
        on described.survey_id = withheld.survey_id
)

select * from final
