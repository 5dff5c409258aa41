with kinds(survey_type, metric, scale_min, scale_max) as (
    values
    ('nps', 'nps', '0', '10'), ('enps', 'nps', '0', '10'), ('csat', 'csat', '1', '5'), ('csat3', 'csat', '1', '3'),
    ('smileys', 'csat', '1', '5'), ('stars_five', 'csat', '1', '5'), ('thumbs', 'csat', '0', '1'),
    ('ces', 'ces', '1', '7'), ('ces5', 'ces', '1', '5'), ('pmf', 'csat', '1', '3')
),

seen as (
    select distinct coalesce(lower(survey_type), 'nps') as survey_type from {{ seen }}
)

select
    {{ (option.survey_id or source) | literal }} || case when survey_type = 'nps' then '' else '_' || survey_type end as survey_id,
    {{ (option.survey_name or option.survey_id or source) | literal }}
    || case when survey_type = 'nps' then '' else ' (' || survey_type || ')' end as survey_name,
    case when survey_type = 'enps' then 'employee' else {{ option.program_type | literal }} end as program_type,
    coalesce(metric, 'csat') as metric,
    survey_type as question_text,
    coalesce(scale_min, '0') as scale_min,
    coalesce(scale_max, '10') as scale_max,
    'higher_is_better' as scale_direction,
    case when survey_type = 'nps' then 'true' when survey_type <> 'enps' then 'false' end as counts_as_nps
from seen
left join kinds using (survey_type)
order by survey_id
