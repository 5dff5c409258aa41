{%- from "qualtrics_fivetran/questions.sql" import question, wanted with context -%}
{%- from "qualtrics_status.sql" import mark -%}
with {{ question("scored", option.score_question) }},

{{ question("reasoned", option.reason_question) }},

{{ question("improved", option.improve_question) }},

answers as (
    select response_id, question_id, max(value) as value, max(coalesce(text, value)) as text
    from {{ input.question_response }}
    where not {{ is_true("_fivetran_deleted") }} and coalesce(loop_id, '1') = '1'
    group by all
),

fields as (
    select
        response_id,
        max(value) filter (key = {{ option.account_field | literal }}) as account_id,
        max(value) filter (key = {{ option.contact_field | literal }}) as contact_id,
        {%- for column, header in more.items() %}
        max(value) filter (key = {{ header | literal }}) as {{ column | identifier }},
        {%- endfor %}
        max(value) filter (key = {{ option.touchpoint_field | literal }}) as touchpoint
    from {{ input.survey_embedded_data }}
    where not {{ is_true("_fivetran_deleted") }}
    group by all
),

invited as (
    select response_id, min(distribution_id || '-' || contact_id) as invitation_id, min(contact_id) as contact_id
    from {{ input.distribution_contact }}
    where response_id is not null and not {{ is_true("_fivetran_deleted") }}
    group by all
)

select
    {%- for column in more %}
    {{ read_as(column, "fields." ~ column | identifier) }} as {{ column | identifier }},
    {%- endfor %}
    responses.id as response_id,
    responses.survey_id,
    invited.invitation_id,
    coalesce(fields.contact_id, invited.contact_id) as contact_id,
    responses.recipient_email as contact_email,
    fields.account_id,
    lower(responses.distribution_channel) as channel,
    fields.touchpoint,
    {{ instant("coalesce(responses.recorded_date, responses.end_date)") }} as answered_at,
    {{ score("coalesce(scores.value, scores.text)", option.scores == "choice_codes") }} as score,
    responses.finished as is_complete,
    case when {{ mark("responses.status", "responses.distribution_channel") }} is null then 'false' else 'true' end
        as is_excluded,
    {{ mark("responses.status", "responses.distribution_channel") }} as exclusion_reason,
    reasons.text as verbatim_reason,
    improvements.text as verbatim_improve,
    lower(responses.user_language) as language,
    case when {{ is_true("responses._fivetran_deleted") }} then 'true' else 'false' end as is_deleted,
    {{ instant("responses.last_modified_date") }} as updated_at,
    {{ instant("responses._fivetran_synced") }} as loaded_at
from {{ input.survey_response }} as responses
inner join scored on responses.survey_id = scored.survey_id
left join answers as scores on responses.id = scores.response_id and scored.question_id = scores.question_id
left join reasoned on responses.survey_id = reasoned.survey_id
left join answers as reasons on responses.id = reasons.response_id and reasoned.question_id = reasons.question_id
left join improved on responses.survey_id = improved.survey_id
left join answers as improvements
    on responses.id = improvements.response_id and improved.question_id = improvements.question_id
left join fields on responses.id = fields.response_id
left join invited on responses.id = invited.response_id
where {{ wanted("responses.survey_id") }}
order by responses.survey_id, response_id
