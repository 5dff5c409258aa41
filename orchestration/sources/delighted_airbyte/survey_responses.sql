{%- set employee = "lower(survey_type) = 'enps'" %}
{%- set survey = (option.survey_id or source) | literal %}
select
    {#- A property of the person. #}
    {%- for column, header in more.items() %}
    {{ read_as(column, json("properties", header)) }} as {{ column | identifier }},
    {%- endfor %}
    response_id,
    {{ survey }} || case when lower(survey_type) = 'nps' then '' else '_' || lower(survey_type) end as survey_id,
    {# Answers of employees carry no key of a person. #}
    case
        when {{ employee }} then null
        when json_valid(contact_id) and json_type(contact_id) = 'OBJECT' then contact_id ->> '$.id'
        else contact_id
    end as contact_id,
    case
        when {{ employee }} then null
        when json_valid(contact_id) and json_type(contact_id) = 'OBJECT'
            then coalesce(contact_email, contact_id ->> '$.email')
        else contact_email
    end as contact_email,
    {%- if option.account_property %}
    case when not {{ employee }} then {{ json("properties", option.account_property) }} end as account_id,
    {%- endif %}
    {{ json("properties", "Delighted Source") }} as channel,
    {%- if option.touchpoint_property %}
    {{ json("properties", option.touchpoint_property) }} as touchpoint,
    {%- endif %}
    {{ unix("answered_at") }} as answered_at,
    score,
    case when regexp_matches(tags, '(?i)"test"') then 'true' else 'false' end as is_excluded,
    case when regexp_matches(tags, '(?i)"test"') then 'test' end as exclusion_reason,
    comment as verbatim_reason,
    {%- if option.improve_question %}
    list_filter(
        json_transform(answers, '[{"question": {"id": "VARCHAR"}, "value": {"free_response": "VARCHAR"}}]'),
        lambda a: a.question.id = {{ option.improve_question | literal }}
    )[1].value.free_response as verbatim_improve,
    {%- endif %}
    case when deleted_at is not null then 'true' else 'false' end as is_deleted,
    {{ unix("updated_at") }} as updated_at,
    {{ unix("loaded_at") }} as loaded_at
from {{ input.responses }}
