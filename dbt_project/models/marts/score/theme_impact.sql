{% set cell = ['month_start', 'theme', 'question'] %}

{{ config(partition_by=partitioned_by_month('month_start'), meta={'recompute': {
    'unit': 'month_start',
    'follow': {
        'fct_nps_responses': 'select month_start from ' ~ changed_in(
            ['response_id', 'cluster_id', 'account_id', 'program_type', 'nps_points', 'trailing_revenue_12m', 'month_start']
        ),
        'fct_response_themes':
            'select month_start from {fct_nps_responses} where response_id in (select response_id from {changes})',
    },
    'days': rows_of_months('month_start', ['fct_nps_responses', 'this']),
}}) }}

with

answers as (
    select * from {{ ref('fct_nps_responses') }}
    where
        program_type = '{{ var("headline_program_type") }}'
        {{ touched('month_start') }}
),

response_themes as (
    select * from {{ ref('fct_response_themes') }}
    {{ touched_when('response_id in (select response_id from answers)', 'where') }}
),

-- In which comment a theme stands, and then whether it stands in any of them.
mentions as (
    select
        response_id,
        theme,
        question,
        contribution_weight,
        sentiment,
        case when sentiment is not null then 1 else 0 end as n_sentiments
    from response_themes
    where theme <> 'no_theme'
    union all
    select
        response_id,
        theme,
        'all' as question,
        sum(contribution_weight) as contribution_weight,
        sum(sentiment) as sentiment,
        count(sentiment) as n_sentiments
    from response_themes
    group by response_id, theme
),

heard as (
    select distinct response_id from response_themes
),

-- Who wrote nothing has no theme either, so that the contributions of a month add up to its score
-- (assert_theme_contributions_add_up_to_the_score).
said as (
    select
        answers.month_start,
        mentions.theme,
        mentions.question,
        answers.cluster_id,
        answers.account_id,
        answers.nps_points,
        answers.trailing_revenue_12m,
        mentions.contribution_weight,
        mentions.sentiment,
        mentions.n_sentiments
    from mentions
    inner join answers
        on mentions.response_id = answers.response_id
    union all
    select
        answers.month_start,
        'no_theme' as theme,
        'all' as question,
        answers.cluster_id,
        answers.account_id,
        answers.nps_points,
        answers.trailing_revenue_12m,
        1 as contribution_weight,
        null as sentiment,
        0 as n_sentiments
    from answers
    left join heard
        on answers.response_id = heard.response_id
    where heard.response_id is null
),

totals as (
    select
        {{ cell | join(', ') }},
        count(*) as n_answers,
        count(distinct cluster_id) as n_clusters,
        sum(nps_points) as points,
        {{ exact_sum('contribution_weight * nps_points') }} as weighted_points,
        {{ exact_sum('sentiment') }} as sentiment,
        sum(n_sentiments) as n_sentiments
    from said
    group by {{ cell | join(', ') }}
),

accounts as (
    select
        {{ cell | join(', ') }},
        account_id,
        max(trailing_revenue_12m) as trailing_revenue_12m
    from said
    where account_id is not null
    group by {{ cell | join(', ') }}, account_id
),

exposures as (
    select
        {{ cell | join(', ') }},
        sum(trailing_revenue_12m) as revenue_exposed
    from accounts
    group by {{ cell | join(', ') }}
),

month_clusters as (
    select
        month_start,
        cluster_id,
        sum(nps_points) as points,
        count(*) as n_scored
    from answers
    group by month_start, cluster_id
),

-- Accounts of a month that are alike: as many answers with as many points.
month_classes as (
    select
        month_start,
        points,
        n_scored,
        count(*) as n_clusters
    from month_clusters
    group by month_start, points, n_scored
),

month_scores as (
    select
        month_start,
        sum(points * n_clusters) as points,
        sum(n_scored * n_clusters) as n_scored
    from month_classes
    group by month_start
),

scored as (
    select
        totals.*,
        month_scores.n_scored,
        month_scores.points * 1e0 / month_scores.n_scored as nps,
        totals.points * 1e0 / totals.n_answers as nps_with_theme,
        (month_scores.points - totals.points) * 1e0 / nullif(month_scores.n_scored - totals.n_answers, 0)
            as nps_without_theme,
        totals.weighted_points / month_scores.n_scored as contribution
    from totals
    inner join month_scores
        on totals.month_start = month_scores.month_start
),

cells as (
    select {{ cell | join(', ') }} from scored
    where n_answers >= {{ var('minimum_theme_answers') }} and n_answers < n_scored
),

theme_clusters as (
    select
        said.month_start,
        said.theme,
        said.question,
        said.cluster_id,
        sum(said.nps_points) as points,
        count(*) as n_scored
    from said
    inner join cells
        on
            said.month_start = cells.month_start
            and said.theme = cells.theme
            and said.question = cells.question
    group by said.month_start, said.theme, said.question, said.cluster_id
),

classes_with_theme as (
    select
        theme_clusters.month_start,
        theme_clusters.theme,
        theme_clusters.question,
        month_clusters.points,
        month_clusters.n_scored,
        theme_clusters.points as theme_points,
        theme_clusters.n_scored as n_theme,
        count(*) as n_clusters
    from theme_clusters
    inner join month_clusters
        on
            theme_clusters.month_start = month_clusters.month_start
            and theme_clusters.cluster_id = month_clusters.cluster_id
    group by
        theme_clusters.month_start,
        theme_clusters.theme,
        theme_clusters.question,
        month_clusters.points,
        month_clusters.n_scored,
        theme_clusters.points,
        theme_clusters.n_scored
),

speaking as (
    select
        {{ cell | join(', ') }},
        points,
        n_scored,
        sum(n_clusters) as n_clusters
    from classes_with_theme
    group by {{ cell | join(', ') }}, points, n_scored
),

-- The accounts that said nothing of the theme are the others of the month: counted, not listed.
classes as (
    select * from classes_with_theme
    union all
    select
        cells.month_start,
        cells.theme,
        cells.question,
        month_classes.points,
        month_classes.n_scored,
        0 as theme_points,
        0 as n_theme,
        month_classes.n_clusters - coalesce(speaking.n_clusters, 0) as n_clusters
    from cells
    inner join month_classes
        on cells.month_start = month_classes.month_start
    left join speaking
        on
            cells.month_start = speaking.month_start
            and cells.theme = speaking.theme
            and cells.question = speaking.question
            and month_classes.points = speaking.points
            and month_classes.n_scored = speaking.n_scored
    where month_classes.n_clusters > coalesce(speaking.n_clusters, 0)
),

numbered as (
    select
        *,
        row_number() over (
            partition by {{ cell | join(', ') }}
            order by points, n_scored, theme_points, n_theme
        ) as class_number
    from classes
),

-- The impact is a difference of two scores of nearly the same accounts: each is in both parts.
parts as (
    select
        {{ cell | join(', ') }},
        class_number,
        'all' as part,
        1 as coefficient,
        points as numerator,
        n_scored as denominator,
        n_clusters
    from numbered
    union all
    select
        {{ cell | join(', ') }},
        class_number,
        'without' as part,
        -1 as coefficient,
        points - theme_points as numerator,
        n_scored - n_theme as denominator,
        n_clusters
    from numbered
),

impacts as (
    select * from {{ jackknife_ratio('parts', cell, part='part', cluster='class_number', crv1=false) }} as by_account
),

joined as (
    select
        scored.*,
        exposures.revenue_exposed,
        impacts.estimate as impact,
        impacts.effective_clusters,
        case
            when scored.n_clusters > 1 and impacts.std_error > 1e-9
                then {{ t_quantile('impacts.degrees_of_freedom') }} * impacts.std_error
        end as margin,
        case
            when scored.n_answers < {{ var('minimum_theme_answers') }} then 'too_few_answers'
            when scored.n_answers = scored.n_scored then 'no_other_answers'
            when scored.n_clusters = 1 or impacts.std_error is null then 'one_account'
            when impacts.std_error <= 1e-9 then 'no_variation'
        end as suppression_reason
    from scored
    left join exposures
        on
            scored.month_start = exposures.month_start
            and scored.theme = exposures.theme
            and scored.question = exposures.question
    left join impacts
        on
            scored.month_start = impacts.month_start
            and scored.theme = impacts.theme
            and scored.question = impacts.question
),

final as (
    select
        month_start,
        '{{ var("headline_program_type") }}' as program_type,
        theme,
        question,
        '{{ var("reporting_currency") }}' as currency,
        {{ as_count('n_answers') }} as n_answers,
        {{ as_count('n_scored') }} as n_scored,
        effective_clusters as effective_n,
        nps,
        nps_with_theme,
        nps_without_theme,
        impact,
        case when margin is not null then greatest(-200e0, impact - margin) end as ci_low,
        case when margin is not null then least(200e0, impact + margin) end as ci_high,
        case when margin is not null then 'account_jackknife' end as ci_method,
        contribution,
        sentiment / nullif(n_sentiments, 0) as avg_sentiment,
        cast(coalesce(revenue_exposed, 0) as {{ money_type() }}) as revenue_exposed,
        suppression_reason is null as is_reportable,
        suppression_reason
    from joined
)

select * from final
