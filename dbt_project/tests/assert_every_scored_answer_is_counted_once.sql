-- Nothing between the answers and the published scores drops an answer or counts one twice: what counts as NPS and
-- is scored is in fct_nps_responses, and its month's total by category is that of nps_by_month.
with

answers as (
    select
        program_type,
        {{ month_start('answered_date') }} as month_start,
        count(*) as n_scored
    from {{ ref('int_survey_responses_described') }}
    where
        counts_as_nps
        and is_scored
    group by program_type, {{ month_start('answered_date') }}
),

facts as (
    select
        program_type,
        month_start,
        count(*) as n_scored,
        count(case when nps_category = 'promoter' then 1 end) as n_promoters,
        count(case when nps_category = 'passive' then 1 end) as n_passives,
        count(case when nps_category = 'detractor' then 1 end) as n_detractors
    from {{ ref('fct_nps_responses') }}
    group by program_type, month_start
),

months as (
    select
        program_type,
        month_start,
        n_scored,
        n_promoters,
        n_passives,
        n_detractors
    from {{ ref('nps_by_month') }}
    where
        dimension = 'all'
        and nps_rule = 'all_responses'
        and n_scored > 0
),

final as (
    select
        coalesce(answers.program_type, facts.program_type, months.program_type) as program_type,
        coalesce(answers.month_start, facts.month_start, months.month_start) as month_start,
        answers.n_scored as n_answers,
        facts.n_scored as n_facts,
        months.n_scored as n_counted
    from answers
    full outer join facts
        on
            answers.program_type = facts.program_type
            and answers.month_start = facts.month_start
    full outer join months
        on
            facts.program_type = months.program_type
            and facts.month_start = months.month_start
    where
        coalesce(answers.n_scored, 0) <> coalesce(facts.n_scored, 0)
        or coalesce(facts.n_scored, 0) <> coalesce(months.n_scored, 0)
        or coalesce(facts.n_promoters, 0) <> coalesce(months.n_promoters, 0)
        or coalesce(facts.n_passives, 0) <> coalesce(months.n_passives, 0)
        or coalesce(facts.n_detractors, 0) <> coalesce(months.n_detractors, 0)
)

select * from final
