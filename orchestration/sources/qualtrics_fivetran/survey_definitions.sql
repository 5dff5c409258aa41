{%- from "qualtrics_fivetran/questions.sql" import question, wanted with context -%}
with {{ question("scored", option.score_question) }}

select
    survey.id as survey_id,
    coalesce(survey.survey_name, survey.id) as survey_name,
    case survey.id
        {%- for id, program in (option.program_types or {}).items() %}
        when {{ id | literal }} then {{ program | literal }}
        {%- endfor %}
        when null then null
        else {{ option.program_type | literal }}
    end as program_type,
    'nps' as metric,
    coalesce(scored.question_text, 'How likely are you to recommend us?') as question_text,
    '0' as scale_min,
    '10' as scale_max,
    'higher_is_better' as scale_direction,
    {{ instant("survey.last_modified") }} as updated_at
from {{ input.survey }} as survey
inner join scored on survey.id = scored.survey_id
where {{ wanted("survey.id") }}
order by survey_id
