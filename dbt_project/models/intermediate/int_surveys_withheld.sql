{{ config(meta={'compared_by': 'survey_id'}) }}

with

checks as (
    select * from {{ ref('int_surveys_checked') }}
    where verdict = 'failed'
),

-- One check is named where several failed, always the same one.
final as (
    select
        survey_id,
        min(check_name) as check_name,
        {{ as_count('count(*)') }} as n_checks_failed
    from checks
    group by survey_id
)

select * from final
