{%- from "qualtrics_status.sql" import mark -%}
select
    {%- for column in more %}
    {{ read_as(column, column | identifier) }} as {{ column | identifier }},
    {%- endfor %}
    response_id,
    {{ (option.survey_id or source) | literal }} as survey_id,
    invitation_id,
    contact_id,
    contact_email,
    account_id,
    lower(channel) as channel,
    touchpoint,
    {{ instant("answered_at") }} as answered_at,
    {{ score("score", option.scores == "choice_codes") }} as score,
    finished as is_complete,
    case when {{ mark("status", "channel") }} is null then 'false' else 'true' end as is_excluded,
    {{ mark("status", "channel") }} as exclusion_reason,
    reason as verbatim_reason,
    improve as verbatim_improve,
    lower(language) as language
from {{ input.responses }}
