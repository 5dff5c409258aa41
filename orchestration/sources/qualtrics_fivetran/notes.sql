{%- from "qualtrics_fivetran/questions.sql" import question, wanted with context -%}
with {{ question("scored", option.score_question) }},

scores as (
    select try_cast(regexp_extract(answers.value, '^(\d+)([.]0+)?$', 1) as integer) as score
    from {{ input.question_response }} as answers
    inner join {{ input.survey_response }} as responses on answers.response_id = responses.id
    inner join scored on responses.survey_id = scored.survey_id and answers.question_id = scored.question_id
    where not {{ is_true("answers._fivetran_deleted") }} and {{ wanted("responses.survey_id") }}
)

select
    'answers_without_response' as rule,
    count(*) as n_rows,
    'answers of question_response belong to no response of survey_response, and are not read.' as message,
    'Load survey_response anew.' as next_step,
    false as is_fatal
from {{ input.question_response }} as answers
anti join {{ input.survey_response }} as responses on answers.response_id = responses.id
where not {{ is_true("answers._fivetran_deleted") }}
union all
select
    'responses_without_question',
    count(*),
    'responses are of surveys without a question of the kind NPS, and are not read.',
    'If one of their questions is the score, name it in the option score_question.',
    false
from {{ input.survey_response }} as responses
anti join scored on responses.survey_id = scored.survey_id
where {{ wanted("responses.survey_id") }}
union all
select
    'responses_without_survey',
    count(*),
    'responses are of surveys that the table survey does not have, so that nothing defines them.',
    'Load survey anew.',
    false
from {{ input.survey_response }} as responses
anti join {{ input.survey }} as surveys on responses.survey_id = surveys.id
where {{ wanted("responses.survey_id") }}
union all
select
    'scores_contradicted',
    count(*) filter (score > 10),
    'scores are 11 and none is 0, so these are the codes 1 to 11 of the choices 0 to 10.',
    'Say so in sources.yml: options: {scores: choice_codes}.',
    true
from scores
having {{ "true" if option.scores == "values" else "false" }} and max(score) = 11 and min(score) > 0
union all
select
    'scores_contradicted',
    count(*) filter (score = 0 or score > 11),
    'scores are no codes of a choice, which are 1 to 11.',
    'Correct the option scores in sources.yml: values are 0 to 10.',
    true
from scores
having {{ "true" if option.scores == "choice_codes" else "false" }}
