select
    {%- for column in more %}
    {{ read_as(column, column | identifier) }} as {{ column | identifier }},
    {%- endfor %}
    response_id,
    {{ (option.survey_id or source) | literal }} as survey_id,
    {{ "coalesce(contact_id, custom)" if option.custom_data == "contact_id" else "contact_id" }} as contact_id,
    contact_email,
    {{ "coalesce(account_id, custom)" if option.custom_data == "account_id" else "account_id" }} as account_id,
    {%- if option.custom_data == "touchpoint" %}
    custom as touchpoint,
    {%- endif %}
    {{ instant("coalesce(answered_at, started_at)") }} as answered_at,
    {{ score("score", option.scores == "choice_codes") }} as score,
    case
        when regexp_matches(status, '(?i)^(partial|teilweise|partiel|parcial)') then 'partial'
        when regexp_matches(status, '(?i)^(disqualif|overquota|quota|descalif)') then 'disqualified'
        when regexp_matches(status, '(?i)^(complet|abgeschlossen|vollständig|termin)') then 'completed'
        else status
    end as is_complete,
    reason as verbatim_reason,
    improve as verbatim_improve
from {{ input.responses }}
