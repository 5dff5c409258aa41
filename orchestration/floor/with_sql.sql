-- The four tables by hand, on DuckDB. Variables: as_of, a date, and for each raw table the list of its Parquet files.

-- The last version of each key, and of its copies the last row.
create temp macro latest(files, key, version) as table
    select * from read_parquet(files)
    where key is not null
    qualify row_number() over (
        partition by key
        order by version desc nulls last, loaded_at desc nulls last, file_index desc, file_row_number desc
    ) = 1;

create temp table accounts as
select account_id, cast(created_at as date) as created_date
from latest(getvariable('crm_accounts'), account_id, updated_at) where is_deleted is not true;

-- What customers answered to an NPS question, with a score or without.
create temp table answers as
with

surveys as (
    select survey_id, program_type, metric, scale_min, scale_max, counts_as_nps
    from latest(getvariable('survey_definitions'), survey_id, updated_at)
    where scale_min is not null and scale_max is not null
),

invitations as (
    select invitation_id, survey_id, contact_id, account_id, agent_id, channel, touchpoint, sent_at
    from latest(getvariable('survey_invitations'), invitation_id, loaded_at)
    where cast(sent_at as date) <= getvariable('as_of')
),

contacts as (
    select contact_id, account_id, cast(last_active_at as date) as last_active_date
    from latest(getvariable('crm_contacts'), contact_id, updated_at)
    where is_deleted is not true
),

agents as (
    select user_id as agent_id, team as agent_team
    from latest(getvariable('crm_users'), user_id, updated_at)
),

account_days as (
    select account_id, segment, size_band, region, industry, owner_id, cast(updated_at as date) as updated_date
    from read_parquet(getvariable('crm_accounts'))
    qualify row_number() over (
        partition by account_id, cast(updated_at as date)
        order by updated_at desc nulls last, loaded_at desc nulls last, file_index desc, file_row_number desc
    ) = 1
),

-- The last version of a day stands for it; what is known first has been so before.
account_history as (
    select
        account_id, segment, size_band, region, industry, owner_id,
        case
            when lag(account_id) over (partition by account_id order by updated_date nulls first) is null
                then date '1900-01-01'
            else updated_date
        end as valid_from
    from account_days
),

responses as (
    select
        response_id, survey_id, invitation_id, contact_id, account_id, agent_id, channel, touchpoint, answered_at,
        lower(trim(resolution_mode)) as resolution_mode,
        cast(answered_at as date) as answered_date,
        nullif(trim(score), '') as score_text,
        try_cast(score as double) as score,
        is_complete is not false and is_excluded is not true as is_included
    from latest(getvariable('survey_responses'), response_id, updated_at)
    where is_deleted is not true
),

-- What the answer itself does not say, its invitation may; a survey that is not defined asks for NPS on 0-10.
traced as (
    select
        responses.* replace (
            coalesce(responses.survey_id, invitations.survey_id, 'unspecified') as survey_id,
            coalesce(responses.contact_id, invitations.contact_id) as contact_id,
            coalesce(responses.account_id, invitations.account_id) as account_id,
            coalesce(responses.agent_id, invitations.agent_id) as agent_id,
            coalesce(responses.channel, invitations.channel) as channel,
            coalesce(responses.touchpoint, invitations.touchpoint) as touchpoint
        ),
        responses.survey_id is not null and surveys.survey_id is null as is_of_unknown_survey,
        invitations.sent_at,
        coalesce(surveys.program_type, 'relationship') as program_type,
        coalesce(surveys.metric, 'nps') as metric,
        coalesce(surveys.scale_min, 0) as scale_min,
        coalesce(surveys.scale_max, 10) as scale_max,
        surveys.counts_as_nps
    from responses
    left join invitations on responses.invitation_id = invitations.invitation_id
    left join surveys on coalesce(responses.survey_id, invitations.survey_id) = surveys.survey_id
),

accepted as (
    select * from traced
    where
        answered_date <= getvariable('as_of')
        and not is_of_unknown_survey
        and coalesce(answered_at >= sent_at, true)
        and (score_text is null or (score = floor(score) and score between scale_min and scale_max))
        and program_type <> 'employee'
        and metric = 'nps'
        and coalesce(counts_as_nps, scale_min = 0 and scale_max = 10)
),

linked as (
    select
        accepted.* replace (accounts.account_id as account_id),
        coalesce(accepted.account_id, contacts.account_id) as named_account_id,
        agents.agent_team,
        accepted.answered_date - accounts.created_date as tenure_days,
        accepted.answered_date - contacts.last_active_date as inactive_days
    from accepted
    left join contacts on accepted.contact_id = contacts.contact_id
    left join agents on accepted.agent_id = agents.agent_id
    left join accounts on coalesce(accepted.account_id, contacts.account_id) = accounts.account_id
),

described as (
    select
        linked.response_id,
        linked.account_id,
        coalesce(linked.named_account_id, 'response ' || linked.response_id) as cluster_id,
        coalesce(linked.contact_id, 'response ' || linked.response_id) as respondent_id,
        linked.program_type,
        linked.survey_id,
        linked.channel,
        linked.touchpoint,
        linked.resolution_mode,
        account_history.segment,
        account_history.size_band,
        account_history.region,
        account_history.industry,
        case
            when linked.inactive_days >= 90 then 'inactive'
            when linked.tenure_days between 0 and 179 then 'new'
            when linked.tenure_days >= 1095 then 'long_term'
            when linked.tenure_days >= 180 then 'established'
            else 'unknown'
        end as lifecycle_segment,
        linked.agent_team,
        account_history.owner_id,
        cast(linked.score as integer) as score,
        linked.score_text is not null and linked.is_included as is_scored,
        linked.answered_date,
        cast(date_trunc('month', linked.answered_date) as date) as month_start,
        lead(linked.answered_date) over (
            partition by linked.program_type, respondent_id, is_scored
            order by linked.answered_at, linked.response_id
        ) as next_date
    from linked
    asof left join account_history
        on linked.account_id = account_history.account_id and linked.answered_date >= account_history.valid_from
)

-- An answer stands for 90 days, or until the same person answers again.
select
    * exclude (next_date),
    case when score >= 9 then 'promoter' when score >= 7 then 'passive' else 'detractor' end as nps_category,
    case when score >= 9 then 100 when score >= 7 then 0 else -100 end as nps_points,
    coalesce(date_trunc('month', next_date) > month_start, true) as is_last_of_month,
    case when coalesce(next_date > answered_date, true) then least(answered_date + 89, next_date - 1) end
        as standing_until
from described;

create table fct_nps_responses as
select
    response_id, account_id, cluster_id, respondent_id, program_type, survey_id, channel, touchpoint, resolution_mode,
    segment, size_band, region, industry, lifecycle_segment, agent_team, owner_id, score, nps_category, nps_points,
    answered_date, month_start, is_last_of_month, standing_until
from answers
where is_scored;

create table fct_account_revenue_months as
with

rates as (
    select cast(month as date) as month_start, currency, cast(rate as double) as rate
    from (
        select * replace (date_trunc('month', month) as month)
        from read_parquet(getvariable('exchange_rates'))
        where month is not null and currency is not null
        qualify row_number() over (
            partition by date_trunc('month', month), currency
            order by loaded_at desc nulls last, file_index desc, file_row_number desc
        ) = 1
    )
    where rate > 0
),

newest_rates as (
    select currency, arg_max(rate, month_start) as rate from rates group by currency
),

lines as (
    select
        account_id,
        coalesce(currency, 'USD') as currency,
        coalesce(revenue_type, 'other') as revenue_type,
        cast(amount as decimal(18, 6)) as amount,
        cast(cost as decimal(18, 6)) as cost,
        period_start,
        period_end,
        cast(date_trunc('month', period_start) as date) as month_start,
        cast(date_trunc('month', period_end) as date) as last_month,
        least(last_month, cast(date_trunc('month', getvariable('as_of') + 1) - interval 1 month as date))
            as last_rated_month
    from latest(getvariable('crm_revenue'), revenue_id, updated_at)
    where
        is_deleted is not true
        and amount is not null
        and period_start <= period_end
        and account_id in (select account_id from accounts)
),

-- Each month that has ended needs a rate of its own; those to come take the newest.
unrated as (
    select periods.*
    from (
        select distinct currency, month_start, last_rated_month from lines where currency <> 'USD'
    ) as periods
    left join rates
        on periods.currency = rates.currency
        and rates.month_start between periods.month_start and periods.last_rated_month
    group by all
    having
        count(rates.rate) <= datediff('month', periods.month_start, periods.last_rated_month)
        or periods.currency not in (select currency from rates)
),

accepted as (
    select * from lines anti join unrated using (currency, month_start, last_rated_month)
),

spread as (
    select
        *,
        period_end - period_start + 1 as n_days,
        greatest(month_start - period_start, 0) as n_before,
        least(cast(month_start + interval 1 month as date), period_end + 1) - period_start as n_through
    from (
        select * replace (cast(unnest(range(month_start, last_month + 1, interval 1 month)) as date) as month_start)
        from accepted
        where month_start < last_month
    )
),

-- Of several months, each has what was earned through its end less what was earned before it.
earned as (
    select account_id, revenue_type, currency, month_start, amount, cost
    from accepted
    where month_start = last_month
    union all
    select
        account_id, revenue_type, currency, month_start,
        cast(cast(amount as double) * n_through / n_days as decimal(18, 6))
        - cast(cast(amount as double) * n_before / n_days as decimal(18, 6)) as amount,
        cast(cast(cost as double) * n_through / n_days as decimal(18, 6))
        - cast(cast(cost as double) * n_before / n_days as decimal(18, 6)) as cost
    from spread
),

converted as (
    select
        earned.account_id,
        earned.month_start,
        earned.revenue_type,
        case when earned.currency <> 'USD' then coalesce(rates.rate, newest_rates.rate) end as factor,
        if(factor is null, earned.amount, cast(cast(earned.amount as double) * factor as decimal(18, 6))) as revenue,
        if(factor is null, earned.cost, cast(cast(earned.cost as double) * factor as decimal(18, 6))) as cost
    from earned
    left join rates on earned.currency = rates.currency and earned.month_start = rates.month_start
    left join newest_rates on earned.currency = newest_rates.currency
)

select
    account_id,
    month_start,
    revenue_type,
    cast(sum(revenue) as decimal(18, 6)) as revenue,
    cast(coalesce(sum(cost), 0) as decimal(18, 6)) as cost
from converted
group by account_id, month_start, revenue_type;

-- A value that is not known is a value too.
create temp view known as
select * replace (
    coalesce(survey_id, 'unknown') as survey_id,
    coalesce(channel, 'unknown') as channel,
    coalesce(touchpoint, 'unknown') as touchpoint,
    coalesce(resolution_mode, 'unknown') as resolution_mode,
    coalesce(segment, 'unknown') as segment,
    coalesce(size_band, 'unknown') as size_band,
    coalesce(region, 'unknown') as region,
    coalesce(industry, 'unknown') as industry,
    coalesce(lifecycle_segment, 'unknown') as lifecycle_segment,
    coalesce(agent_team, 'unknown') as agent_team,
    coalesce(owner_id, 'unknown') as owner_id
)
from answers;

-- The dimension by which a row is grouped: its bit alone is 0, and the first of the columns has the highest.
create temp macro dimension_grouped(bits) as
    coalesce(
        [
            'owner_id', 'agent_team', 'lifecycle_segment', 'industry', 'region', 'size_band', 'segment',
            'resolution_mode', 'touchpoint', 'channel', 'survey_id'
        ][1 + cast(log2(nullif(2047 - bits, 0)) as integer)],
        'all'
    );

-- A month in which nobody gave a score is a row, not a gap.
create table nps_by_month as
with

clusters as (
    select
        month_start, program_type,
        dimension_grouped(grouping(
            survey_id, channel, touchpoint, resolution_mode, segment, size_band, region, industry, lifecycle_segment,
            agent_team, owner_id
        )) as dimension,
        coalesce(
            survey_id, channel, touchpoint, resolution_mode, segment, size_band, region, industry, lifecycle_segment,
            agent_team, owner_id, 'all'
        ) as dimension_value,
        count(*) filter (is_scored) as n,
        count(*) filter (is_scored and nps_points = 100) as n_promoters,
        count(*) filter (is_scored and nps_points = -100) as n_detractors,
        count(*) filter (is_scored and is_last_of_month) as n_latest,
        count(*) filter (is_scored and is_last_of_month and nps_points = 100) as n_latest_promoters,
        count(*) filter (is_scored and is_last_of_month and nps_points = -100) as n_latest_detractors
    from known
    group by month_start, program_type, cluster_id, grouping sets (
        (), (survey_id), (channel), (touchpoint), (resolution_mode), (segment), (size_band), (region), (industry),
        (lifecycle_segment), (agent_team), (owner_id)
    )
),

-- Accounts that answered alike are counted, not listed.
classes as (
    select
        month_start, program_type, dimension, dimension_value, 'all_responses' as nps_rule,
        n, n_promoters, n_detractors, count(*) as n_clusters
    from clusters
    group by all
    union all
    select
        month_start, program_type, dimension, dimension_value, 'contact_latest' as nps_rule,
        n_latest, n_latest_promoters, n_latest_detractors, count(*) as n_clusters
    from clusters
    group by all
),

scored as (
    select
        *,
        sum(n * n_clusters) over cell as n_scored,
        sum(n_clusters) filter (n > 0) over cell as n_answering,
        100 * sum((n_promoters - n_detractors) * n_clusters) over cell / nullif(n_scored, 0) as nps
    from classes
    window cell as (partition by month_start, program_type, dimension, dimension_value, nps_rule)
)

-- The error is the delete-one-account jackknife of points over answers, in closed form.
select
    month_start, program_type, dimension, dimension_value, nps_rule,
    cast(n_scored as bigint) as n_scored,
    cast(sum(n_promoters * n_clusters) as bigint) as n_promoters,
    cast(n_scored - sum((n_promoters + n_detractors) * n_clusters) as bigint) as n_passives,
    cast(sum(n_detractors * n_clusters) as bigint) as n_detractors,
    nps,
    case when n_answering > 1 then sqrt(
        (n_answering - 1) / n_answering
        * sum(n_clusters * pow((100 * (n_promoters - n_detractors) - nps * n) / (n_scored - n), 2))
    ) end as std_error
from scored
group by month_start, program_type, dimension, dimension_value, nps_rule, n_scored, n_answering, nps;

create table nps_rolling as
with

-- An answer enters on its first day and leaves on the day after its last.
changes as (
    select
        program_type, survey_id, channel, touchpoint, resolution_mode, segment, size_band, region, industry,
        lifecycle_segment, agent_team, owner_id, nps_points,
        unnest([answered_date, standing_until + 1]) as date_day,
        unnest([1, -1]) as change
    from known
    where is_scored and standing_until is not null
),

changes_by_day as (
    select
        program_type,
        dimension_grouped(grouping(
            survey_id, channel, touchpoint, resolution_mode, segment, size_band, region, industry, lifecycle_segment,
            agent_team, owner_id
        )) as dimension,
        coalesce(
            survey_id, channel, touchpoint, resolution_mode, segment, size_band, region, industry, lifecycle_segment,
            agent_team, owner_id, 'all'
        ) as dimension_value,
        date_day,
        sum(change) as n,
        sum(change) filter (nps_points = 100) as n_promoters,
        sum(change) filter (nps_points = -100) as n_detractors
    from changes
    group by program_type, date_day, grouping sets (
        (), (survey_id), (channel), (touchpoint), (resolution_mode), (segment), (size_band), (region), (industry),
        (lifecycle_segment), (agent_team), (owner_id)
    )
),

days as (
    select
        program_type, dimension, dimension_value,
        cast(unnest(range(min(date_day), getvariable('as_of') + 1, interval 1 day)) as date) as date_day
    from changes_by_day
    group by program_type, dimension, dimension_value
),

standing as (
    select
        date_day, program_type, dimension, dimension_value,
        cast(coalesce(sum(n) over cell, 0) as bigint) as n_scored,
        cast(coalesce(sum(n_promoters) over cell, 0) as bigint) as n_promoters,
        cast(coalesce(sum(n_detractors) over cell, 0) as bigint) as n_detractors
    from days
    left join changes_by_day using (program_type, dimension, dimension_value, date_day)
    window cell as (partition by program_type, dimension, dimension_value order by date_day)
)

select
    date_day, program_type, dimension, dimension_value, n_scored, n_promoters,
    n_scored - n_promoters - n_detractors as n_passives,
    n_detractors,
    100 * (n_promoters - n_detractors) / nullif(n_scored, 0) as nps
from standing;
