{{ config(meta={'recompute': {
    'unit': 'response_id',
    'follow': {
        'fct_nps_responses': '
            select response_id from {fct_nps_responses} where cluster_id in (select cluster_id from {changes})
            union all
            select response_id from {changes}
        ',
    },
    'days': '
        select response_id from {fct_nps_responses}
        where cluster_id in (' ~ rows_of_days('cluster_id', ['fct_nps_responses'], 'answered_date') ~ ')
        union all ' ~ rows_of_months('response_id', ['this']),
}}) }}

with

answers as (
    select * from {{ ref('fct_nps_responses') }}
    {{ touched('response_id', 'where') }}
),

cells as (
    select * from {{ ref('int_nps_cells_numbered') }}
),

clustered as (
    select
        *,
        {{ text_number('cluster_id') }} as cluster_number
    from answers
),

-- Numbers in place of names first: what is sorted below is narrow.
numbered as (
    {{ with_cell_numbers(
        'clustered',
        [
            'response_id', 'cluster_number', 'nps_category', 'nps_points', 'seniority', 'trailing_revenue_12m',
            'is_linked', 'is_last_of_month', 'month_start', 'standing_from', 'standing_until', 'answered_at',
        ],
    ) }}
),

-- From the most senior and last answer of an account's month down: the first in any slice is its waterfall answer.
-- A person's last answer of the month is found before any slicing, so the slices add up to the total.
ranked as (
    select
        *,
        row_number() over (
            partition by cell_of_all, month_start, cluster_number
            order by
                case when is_last_of_month then 0 else 1 end asc,
                seniority asc,
                answered_at desc,
                response_id desc
        ) as waterfall_rank,
        count(*) over (partition by cell_of_all, month_start, cluster_number) as n_in_month,
        max(standing_until) over (
            partition by cell_of_all, cluster_number
            order by standing_from, standing_until, response_id
            rows between unbounded preceding and 1 preceding
        ) as stood_until_before,
        lead(standing_from) over (
            partition by cell_of_all, cluster_number
            order by standing_from, standing_until, response_id
        ) as stands_next_from
    from numbered
),

-- Most accounts have one answer in a month, or one that stands: those need no summing by account.
final as (
    select
        response_id,
        {% for dimension in ['all'] + var('answer_dimensions') %}
        cell_of_{{ dimension }},
        {% endfor %}
        cluster_number,
        nps_points,
        cast(case when nps_category = 'promoter' then 1 else 0 end as {{ dbt.type_int() }}) as is_promoter,
        cast(case when nps_category = 'detractor' then 1 else 0 end as {{ dbt.type_int() }}) as is_detractor,
        cast(waterfall_rank as {{ dbt.type_int() }}) as waterfall_rank,
        cast(case when is_last_of_month then 1 else 0 end as {{ dbt.type_int() }}) as n_latest,
        cast(trailing_revenue_12m as {{ float_type() }}) as trailing_revenue_12m,
        is_linked,
        -- Who answered again for another account of theirs is not the last of the month, alone or not.
        n_in_month = 1 and is_last_of_month as is_alone_in_month,
        coalesce(stood_until_before < standing_from, true)
        and coalesce(stands_next_from > standing_until, true) as is_standing_alone,
        month_start,
        standing_from,
        standing_until
    from ranked
)

select * from final
