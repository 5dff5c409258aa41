with

answers as (
    select * from {{ ref('fct_nps_responses') }}
    where
        program_type = 'transactional'
        and answered_date > {{ add_days(as_of_date(), -365) }}
        and channel in ('shop', 'call_centre', 'app', 'web', 'bot')
),

-- App and website are one channel in the rankings that are published.
named as (
    select
        cluster_id,
        nps_points,
        case when channel in ('app', 'web') then 'app_or_website' else channel end as service_channel
    from answers
),

clusters as (
    select
        service_channel,
        cluster_id,
        sum(nps_points) as numerator,
        count(*) as denominator,
        1 as n_clusters
    from named
    group by service_channel, cluster_id
),

final as (
    select
        service_channel,
        {{ as_count('denominator_total') }} as n_scored,
        estimate as nps,
        std_error,
        degrees_of_freedom
    from {{ jackknife_ratio('clusters', ['service_channel']) }}
)

select * from final
