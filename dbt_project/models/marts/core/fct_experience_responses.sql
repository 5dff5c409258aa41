{{ config(meta={'recompute': {
    'unit': 'response_id',
    'follow': {'int_survey_responses_described': 'response_id'},
    'days': rows_of_days('response_id', ['int_survey_responses_described', 'this'], 'answered_date'),
}}) }}

with

responses as (
    select * from {{ ref('int_survey_responses_described') }}
    where
        metric in ('csat', 'ces')
        and is_scored
        {{ touched('response_id') }}
),

final as (
    select
        response_id,
        survey_id,
        account_id,
        contact_id,
        agent_id,
        cluster_id,
        program_type,
        metric,
        channel,
        touchpoint,
        resolution_mode,
        segment,
        size_band,
        region,
        industry,
        {% for field in var('account_fields') + var('response_fields') %}
        {{ field }},
        {% endfor %}
        lifecycle_segment,
        agent_team,
        owner_id,
        score as raw_score,
        cast(
            case scale_direction
                when 'lower_is_better' then (scale_max - score)
                else (score - scale_min)
            end as {{ float_type() }}
        ) / (scale_max - scale_min) as normalised_score,
        is_linked,
        answered_date,
        answered_at
    from responses
)

select * from final
