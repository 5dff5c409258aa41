{%- from "qualtrics_fivetran/questions.sql" import wanted with context -%}
{#- The link to a survey names it where the distribution does not. -#}
with sent as (
    select
        contacts.*,
        coalesce(
            distributions.survey_id, distributions.survey_link_survey_id,
            nullif(regexp_extract(contacts.survey_link, 'SV_[A-Za-z0-9]+'), '')
        ) as survey_id
    from {{ input.distribution_contact }} as contacts
    left join {{ input.distribution }} as distributions on contacts.distribution_id = distributions.id
    where not {{ is_true("contacts._fivetran_deleted") }}
)

select
    distribution_id || '-' || contact_id as invitation_id,
    survey_id,
    contact_id,
    'email' as channel,
    {{ instant("sent_at") }} as sent_at,
    {{ instant("opened_at") }} as opened_at,
    case when regexp_matches(status, '(?i)bounce|failure') then {{ instant("sent_at") }} end as bounced_at
from sent
where sent_at is not null and {{ wanted("survey_id") }}
order by invitation_id
