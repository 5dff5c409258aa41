-- A build whose headline programme has answers, none of which may be scored, would publish an empty score: it stops here, and
-- the message of each survey says why.
with

surveys as (
    select * from {{ ref('dim_surveys') }}
    where
        program_type = '{{ var("headline_program_type") }}'
        and counts_as_nps
),

checks as (
    select * from {{ ref('int_surveys_checked') }}
),

answered as (
    select
        surveys.survey_id,
        surveys.suppression_reason,
        max(checks.n_rows) as n_answers
    from surveys
    inner join checks
        on surveys.survey_id = checks.survey_id
    where checks.check_name = 'scores_readable'
    group by surveys.survey_id, surveys.suppression_reason
),

counted as (
    select count(case when suppression_reason is null then 1 end) as n_scored_surveys
    from answered
),

final as (
    select
        answered.survey_id,
        checks.check_name,
        checks.message
    from answered
    inner join checks
        on answered.survey_id = checks.survey_id
    cross join counted
    where
        checks.verdict = 'failed'
        and counted.n_scored_surveys = 0
)

select * from final
