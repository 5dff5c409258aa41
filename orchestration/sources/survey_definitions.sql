select
    {{ (option.survey_id or source) | literal }} as survey_id,
    {{ (option.survey_name or option.survey_id or source) | literal }} as survey_name,
    {{ option.program_type | literal }} as program_type,
    'nps' as metric,
    {{ (asked.responses.score or "How likely are you to recommend us?") | literal }} as question_text,
    '0' as scale_min,
    '10' as scale_max,
    'higher_is_better' as scale_direction
