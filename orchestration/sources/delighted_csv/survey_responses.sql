{%- set employee = "lower(survey_type) = 'enps'" %}
{%- set survey = (option.survey_id or source) | literal %}
select
    {%- for column in more %}
    {{ read_as(column, column | identifier) }} as {{ column | identifier }},
    {%- endfor %}
    response_id,
    {{ survey }} || case when coalesce(lower(survey_type), 'nps') = 'nps' then '' else '_' || lower(survey_type) end as survey_id,
    {# Answers of employees carry no key of a person. #}
    case when not coalesce({{ employee }}, false) then contact_id end as contact_id,
    case when not coalesce({{ employee }}, false) then contact_email end as contact_email,
    case when not coalesce({{ employee }}, false) then account_id end as account_id,
    channel,
    touchpoint,
    {{ instant("answered_at") }} as answered_at,
    {{ score("score") }} as score,
    case when {{ is_true("is_test") }} then 'true' else 'false' end as is_excluded,
    case when {{ is_true("is_test") }} then 'test' end as exclusion_reason,
    comment as verbatim_reason,
    language,
    {{ instant("updated_at") }} as updated_at
from {{ input.responses }}
