-- Running sums over the ends of standing intervals say what a plain count says: on a few days, each person's last
-- answer of the window up to the day.
with

days as (
    select date_day
    from {{ ref('dim_dates') }}
    where
        date_day <= {{ as_of_date() }}
        and date_day > {{ add_days(as_of_date(), -366) }}
        and (
            date_day = {{ as_of_date() }}
            or {{ add_days('date_day', 1) }} = {{ quarter_start(add_days('date_day', 1)) }}
        )
),

ranked as (
    select
        days.date_day,
        answers.program_type,
        answers.nps_category,
        row_number() over (
            partition by days.date_day, answers.program_type, answers.respondent_id
            order by answers.answered_at desc, answers.response_id desc
        ) as answer_rank
    from {{ ref('fct_nps_responses') }} as answers
    inner join days
        on
            answers.answered_date <= days.date_day
            and answers.answered_date > {{ add_days('days.date_day', -var('trend_window_days')) }}
),

recounted as (
    select
        date_day,
        program_type,
        count(*) as n_scored,
        count(case when nps_category = 'promoter' then 1 end) as n_promoters,
        count(case when nps_category = 'passive' then 1 end) as n_passives,
        count(case when nps_category = 'detractor' then 1 end) as n_detractors
    from ranked
    where answer_rank = 1
    group by date_day, program_type
),

published as (
    select
        rolling.date_day,
        rolling.program_type,
        rolling.n_scored,
        rolling.n_promoters,
        rolling.n_passives,
        rolling.n_detractors
    from {{ ref('nps_rolling') }} as rolling
    inner join days
        on rolling.date_day = days.date_day
    where
        rolling.dimension = 'all'
        and rolling.n_scored > 0
),

final as (
    select
        coalesce(recounted.date_day, published.date_day) as date_day,
        coalesce(recounted.program_type, published.program_type) as program_type,
        recounted.n_scored as n_recounted,
        published.n_scored as n_published
    from recounted
    full outer join published
        on
            recounted.date_day = published.date_day
            and recounted.program_type = published.program_type
    where
        coalesce(recounted.n_scored, 0) <> coalesce(published.n_scored, 0)
        or coalesce(recounted.n_promoters, 0) <> coalesce(published.n_promoters, 0)
        or coalesce(recounted.n_passives, 0) <> coalesce(published.n_passives, 0)
        or coalesce(recounted.n_detractors, 0) <> coalesce(published.n_detractors, 0)
)

select * from final
