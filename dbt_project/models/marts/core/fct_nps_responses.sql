{{ config(partition_by=partitioned_by_month('month_start'), meta={'recompute': {
    'unit': 'response_id',
    'follow': {
        'int_survey_responses_described': 'response_id',
        'int_nps_answers_sequenced': 'response_id',
        'int_account_months_observed': '
            select answers.response_id from {int_nps_answers_sequenced} as answers
            inner join ' ~ changed_in(['account_id', 'month_start', 'trailing_revenue_12m']) ~ ' as changes
                on answers.account_id = changes.account_id and answers.month_start = changes.month_start
        ',
        'stg_crm__contracts':
            'select response_id from {int_nps_answers_sequenced} where account_id in (select account_id from {changes})',
    },
    'days': rows_of_days('response_id', ['int_survey_responses_described', 'this'], 'answered_date'),
}}) }}

with

described as (
    select * from {{ ref('int_survey_responses_described') }}
    {{ touched('response_id', 'where') }}
),

sequenced as (
    select * from {{ ref('int_nps_answers_sequenced') }}
    {{ touched('response_id', 'where') }}
),

account_months as (
    select * from {{ ref('int_account_months_observed') }}
),

contracts as (
    select * from {{ ref('stg_crm__contracts') }}
    where verdict = 'accepted'
),

-- The next renewal at the answer is that of the contract which ends first on or after its day.
renewals as (
    select
        sequenced.response_id,
        min(contracts.end_date) as renewal_date
    from sequenced
    inner join contracts
        on
            sequenced.account_id = contracts.account_id
            and sequenced.answered_date <= contracts.end_date
            and sequenced.answered_date >= contracts.start_date
    group by sequenced.response_id
),

final as (
    select
        described.response_id,
        described.invitation_id,
        described.survey_id,
        described.account_id,
        described.contact_id,
        described.agent_id,
        described.cluster_id,
        described.respondent_id,
        described.link_method,
        described.program_type,
        described.channel,
        described.touchpoint,
        described.resolution_mode,
        described.buying_role,
        described.segment,
        described.size_band,
        described.region,
        described.industry,
        {% for field in var('account_fields') + var('response_fields') %}
        described.{{ field }},
        {% endfor %}
        described.lifecycle_segment,
        described.agent_team,
        described.owner_id,
        sequenced.nps_category,
        sequenced.score,
        sequenced.nps_points,
        sequenced.previous_score,
        sequenced.seniority,
        case when described.account_id is not null then coalesce(account_months.trailing_revenue_12m, 0) end
            as trailing_revenue_12m,
        case when described.account_id is not null then '{{ var("reporting_currency") }}' end as currency,
        {{ days_between('described.answered_date', 'renewals.renewal_date') }} as days_to_renewal,
        described.is_linked,
        sequenced.is_last_of_month,
        sequenced.is_last_of_quarter,
        described.answered_date,
        sequenced.month_start,
        sequenced.standing_from,
        sequenced.standing_until,
        described.answered_at
    from described
    inner join sequenced
        on described.response_id = sequenced.response_id
    left join account_months
        on
            sequenced.account_id = account_months.account_id
            and sequenced.month_start = account_months.month_start
    left join renewals
        on sequenced.response_id = renewals.response_id
)

select * from final
