select
    {%- for column in more %}
    {{ read_as(column, column | identifier) }} as {{ column | identifier }},
    {%- endfor %}
    response_id,
    {{ (option.survey_id or source) | literal }} as survey_id,
    contact_id,
    contact_email,
    account_id,
    touchpoint,
    {{ instant("coalesce(answered_at, reached_at, started_at)") }} as answered_at,
    {{ score("score") }} as score,
    case
        when lower(status) in ('completed', 'complete') then 'true'
        when status is not null or answered_at is null then 'false'
        else 'true'
    end as is_complete,
    case when regexp_matches(tags, '(?i)\btest\b') then 'true' else 'false' end as is_excluded,
    case when regexp_matches(tags, '(?i)\btest\b') then 'test' end as exclusion_reason,
    reason as verbatim_reason,
    improve as verbatim_improve
from {{ input.responses }}
