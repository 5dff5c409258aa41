{%- set survey = (option.survey_id or source) | literal %}
{%- set content = "answered_at, account_id, score, reason, improve" %}
select
    {%- for column in more %}
    {{ read_as(column, column | identifier) }} as {{ column | identifier }},
    {%- endfor %}
    {{ survey }} || '-' || coalesce(
        number,
        md5(concat_ws(chr(31), {{ content }})) || case when copy > 1 then '-' || copy else '' end
    ) as response_id,
    {{ survey }} as survey_id,
    case when lower(contact_email) <> 'anonymous' then contact_email end as contact_email,
    account_id,
    touchpoint,
    {{ instant("answered_at") }} as answered_at,
    {{ score("score") }} as score,
    reason as verbatim_reason,
    improve as verbatim_improve
from (select *, row_number() over (partition by {{ content }} order by _row) as copy from {{ input.responses }})
order by _row
