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
    select
        contact_id, account_id, cast(last_active_at as date) as last_active_date,
        case lower(trim(buying_role))
            when 'decision_maker' then 1 when 'influencer' then 2 when 'user' then 3 else 1000
        end as seniority
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
        accounts.account_id is not null and (accepted.contact_id is null or contacts.contact_id is not null)
            as is_linked,
        coalesce(contacts.seniority, 1000) as seniority,
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
        linked.is_linked,
        linked.seniority,
        cast(linked.score as integer) as score,
        linked.score_text is not null and linked.is_included as is_scored,
        linked.answered_at,
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
        cast(amount as decimal(28, 9)) as amount,
        cast(cost as decimal(28, 9)) as cost,
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
        cast(cast(amount as double) * n_through / n_days as decimal(28, 9))
        - cast(cast(amount as double) * n_before / n_days as decimal(28, 9)) as amount,
        cast(cast(cost as double) * n_through / n_days as decimal(28, 9))
        - cast(cast(cost as double) * n_before / n_days as decimal(28, 9)) as cost
    from spread
),

converted as (
    select
        earned.account_id,
        earned.month_start,
        earned.revenue_type,
        case when earned.currency <> 'USD' then coalesce(rates.rate, newest_rates.rate) end as factor,
        if(factor is null, earned.amount, cast(cast(earned.amount as double) * factor as decimal(28, 9))) as revenue,
        if(factor is null, earned.cost, cast(cast(earned.cost as double) * factor as decimal(28, 9))) as cost
    from earned
    left join rates on earned.currency = rates.currency and earned.month_start = rates.month_start
    left join newest_rates on earned.currency = newest_rates.currency
)

select
    account_id,
    month_start,
    revenue_type,
    cast(sum(revenue) as decimal(28, 9)) as revenue,
    cast(coalesce(sum(cost), 0) as decimal(28, 9)) as cost
from converted
group by account_id, month_start, revenue_type;

-- Revenue of the twelve months before the month of an answer.
create temp table revenue_before as
select asked.account_id, asked.month_start, cast(sum(earned.revenue) as decimal(28, 9)) as revenue
from (
    select distinct account_id, month_start, cast(month_start - interval 12 month as date) as first_month from answers
) as asked
inner join fct_account_revenue_months as earned
    on asked.account_id = earned.account_id
    and earned.month_start >= asked.first_month
    and earned.month_start < asked.month_start
group by asked.account_id, asked.month_start;

create temp view earning_answers as
select
    answers.*,
    case when answers.account_id is not null then coalesce(revenue_before.revenue, 0) end as trailing_revenue_12m
from answers
left join revenue_before using (account_id, month_start);

create table fct_nps_responses as
select
    response_id, account_id, cluster_id, respondent_id, program_type, survey_id, channel, touchpoint, resolution_mode,
    segment, size_band, region, industry, lifecycle_segment, agent_team, owner_id, is_linked, seniority,
    trailing_revenue_12m, score, nps_category, nps_points, answered_at, answered_date, month_start, is_last_of_month,
    standing_until
from earning_answers
where is_scored;

-- A cell is a value of one dimension in one programme. Millions of answers are counted in twelve cells each, so numbers
-- stand for the names of cells and accounts: hashes, of which two in a million are alike once in 40 million times.
create temp macro cell(program, dimension, dimension_value) as hash(program, dimension, dimension_value);

-- A value that is not known is a value too.
create temp table cells as
select cell(program_type, dimension, dimension_value) as cell_number, program_type, dimension, dimension_value
from (
    select distinct program_type, dimension, dimension_value
    from (
        unpivot (
            select
                program_type,
                'all' as "all",
                coalesce(columns([
                    'survey_id', 'channel', 'touchpoint', 'resolution_mode', 'segment', 'size_band', 'region',
                    'industry', 'lifecycle_segment', 'agent_team', 'owner_id'
                ]), 'unknown')
            from answers
        )
        on * exclude (program_type) into name dimension value dimension_value
    )
);

create temp table numbered as
select
    response_id,
    is_scored,
    hash(program_type, cluster_id) as account,
    answered_at,
    month_start,
    answered_date as first_day,
    standing_until + 1 as next_day,
    seniority,
    cast(trailing_revenue_12m as double) as revenue,
    cast(nps_points as smallint) as points,
    cast(1 as tinyint) as n_answers,
    cast(nps_points = 100 as tinyint) as n_promoters,
    cast(nps_points = -100 as tinyint) as n_detractors,
    cast(is_last_of_month as tinyint) as n_latest,
    cast(is_last_of_month and nps_points = 100 as tinyint) as n_latest_promoters,
    cast(is_last_of_month and nps_points = -100 as tinyint) as n_latest_detractors,
    cast(is_last_of_month and is_linked as tinyint) as n_linked,
    cast(is_last_of_month and is_linked and nps_points = 100 as tinyint) as n_linked_promoters,
    cast(is_last_of_month and is_linked and nps_points = -100 as tinyint) as n_linked_detractors,
    cell(program_type, 'all', 'all') as in_all,
    cell(program_type, 'survey_id', coalesce(survey_id, 'unknown')) as in_survey,
    cell(program_type, 'channel', coalesce(channel, 'unknown')) as in_channel,
    cell(program_type, 'touchpoint', coalesce(touchpoint, 'unknown')) as in_touchpoint,
    cell(program_type, 'resolution_mode', coalesce(resolution_mode, 'unknown')) as in_mode,
    cell(program_type, 'segment', coalesce(segment, 'unknown')) as in_segment,
    cell(program_type, 'size_band', coalesce(size_band, 'unknown')) as in_size,
    cell(program_type, 'region', coalesce(region, 'unknown')) as in_region,
    cell(program_type, 'industry', coalesce(industry, 'unknown')) as in_industry,
    cell(program_type, 'lifecycle_segment', coalesce(lifecycle_segment, 'unknown')) as in_lifecycle,
    cell(program_type, 'agent_team', coalesce(agent_team, 'unknown')) as in_team,
    cell(program_type, 'owner_id', coalesce(owner_id, 'unknown')) as in_owner
from earning_answers;

-- The names took the most memory, and from here on there are numbers for them.
drop table answers;

-- The cell in which all answers of an account are, or null.
create temp macro shared(cell_number) as case when min(cell_number) = max(cell_number) then min(cell_number) end;

-- A score is points over weights, summed over classes of accounts of one weight. Of each class it is known how many
-- accounts it has, the mean of their points and the sum of the squares by which they differ from it. The error is the
-- delete-one-account jackknife in closed form; the effective number of accounts is 1 / the sum of squared shares.
create temp macro scores(classes) as table
with

totals as (
    select
        cell_number, date_day, nps_rule,
        sum(n_clusters) as n_clusters,
        sum(n_scored) as n_scored,
        sum(n_promoters) as n_promoters,
        sum(n_detractors) as n_detractors,
        sum(n_clusters * weight) as weights,
        sum(n_clusters * points) / weights as nps,
        weights * weights / sum(n_clusters * weight * weight) as effective_n
    from query_table(classes)
    group by cell_number, date_day, nps_rule
),

deletions as (
    select
        cell_number, date_day, nps_rule,
        sum(
            (classes.squares + classes.n_clusters * pow(classes.points - totals.nps * classes.weight, 2))
            / pow(totals.weights - classes.weight, 2)
        ) as squares
    from query_table(classes) as classes
    inner join totals using (cell_number, date_day, nps_rule)
    group by cell_number, date_day, nps_rule
)

select
    totals.*,
    case when n_clusters > 1 then sqrt((n_clusters - 1) / n_clusters * deletions.squares) end as std_error
from totals
inner join deletions using (cell_number, date_day, nps_rule);

-- What an account answered in a month is summed once for all the cells that share it.
create temp table account_months as
select
    account, month_start,
    cast(sum(columns('^n_')) as integer),
    arg_max(points, (-seniority, answered_at, response_id)) filter (n_linked = 1) as waterfall_points,
    max(revenue) as revenue,
    shared(columns('^in_'))
from numbered
where is_scored
group by account, month_start;

-- Other cells see a part of it.
create temp table account_months_in_parts as
select
    cell_number, account, month_start,
    cast(sum(columns('^n_')) as integer),
    arg_max(points, (-seniority, answered_at, response_id)) filter (n_linked = 1) as waterfall_points,
    max(revenue) as revenue
from (
    unpivot (
        select part.* replace (
            nullif(part.in_all, whole.in_all) as in_all,
            nullif(part.in_survey, whole.in_survey) as in_survey,
            nullif(part.in_channel, whole.in_channel) as in_channel,
            nullif(part.in_touchpoint, whole.in_touchpoint) as in_touchpoint,
            nullif(part.in_mode, whole.in_mode) as in_mode,
            nullif(part.in_segment, whole.in_segment) as in_segment,
            nullif(part.in_size, whole.in_size) as in_size,
            nullif(part.in_region, whole.in_region) as in_region,
            nullif(part.in_industry, whole.in_industry) as in_industry,
            nullif(part.in_lifecycle, whole.in_lifecycle) as in_lifecycle,
            nullif(part.in_team, whole.in_team) as in_team,
            nullif(part.in_owner, whole.in_owner) as in_owner
        )
        from numbered as part
        inner join account_months as whole using (account, month_start)
        where part.is_scored and whole.n_answers > 1
    )
    on columns('^in_') into name dimension value cell_number
)
group by cell_number, account, month_start;

create temp view accounts_by_month as
select
    * exclude (dimension, n_linked_promoters, n_linked_detractors),
    100 * (n_linked_promoters - n_linked_detractors) / nullif(n_linked, 0) as mean_points
from (
    from (unpivot account_months on columns('^in_') into name dimension value cell_number)
    union all by name
    from account_months_in_parts
);

-- Accounts that answered alike are counted, not listed.
create temp table alike as
select * exclude (account, revenue), count(*) as n_clusters
from accounts_by_month
group by all;

create temp view month_classes as
select
    cell_number, month_start as date_day, 'all_responses' as nps_rule, n_clusters,
    n_answers as weight, 100 * (n_promoters - n_detractors) as points, 0 as squares,
    n_answers * n_clusters as n_scored, n_promoters * n_clusters as n_promoters,
    n_detractors * n_clusters as n_detractors
from alike
union all
select
    cell_number, month_start, 'contact_latest', n_clusters,
    n_latest, 100 * (n_latest_promoters - n_latest_detractors), 0,
    n_latest * n_clusters, n_latest_promoters * n_clusters, n_latest_detractors * n_clusters
from alike
where n_latest > 0
union all
select
    cell_number, month_start, 'account_mean', n_clusters,
    1, mean_points, 0,
    n_clusters, if(mean_points >= 50, n_clusters, 0), if(mean_points <= -50, n_clusters, 0)
from alike
where n_linked > 0
union all
select
    cell_number, month_start, 'account_waterfall', n_clusters,
    1, waterfall_points, 0,
    n_clusters, if(waterfall_points = 100, n_clusters, 0), if(waterfall_points = -100, n_clusters, 0)
from alike
where n_linked > 0
union all
-- Revenue makes each account a class of its own.
select
    cell_number, month_start, 'revenue_weighted', 1,
    revenue, mean_points * revenue, 0,
    1, if(mean_points >= 50, 1, 0), if(mean_points <= -50, 1, 0)
from accounts_by_month
where n_linked > 0 and revenue > 0;

create temp table month_scores as from scores('month_classes');

-- A month in which nobody gave a score is a row, not a gap.
create table nps_by_month as
select
    answered.month_start, cells.program_type, cells.dimension, cells.dimension_value, rules.nps_rule,
    cast(coalesce(scored.n_scored, 0) as bigint) as n_scored,
    cast(coalesce(scored.n_promoters, 0) as bigint) as n_promoters,
    cast(coalesce(scored.n_scored - scored.n_promoters - scored.n_detractors, 0) as bigint) as n_passives,
    cast(coalesce(scored.n_detractors, 0) as bigint) as n_detractors,
    scored.nps,
    scored.effective_n,
    scored.std_error
from (
    select distinct month_start, cell_number
    from (unpivot numbered on columns('^in_') into name dimension value cell_number)
) as answered
inner join cells using (cell_number)
cross join (
    values ('all_responses'), ('contact_latest'), ('account_mean'), ('account_waterfall'), ('revenue_weighted')
) as rules (nps_rule)
left join month_scores as scored
    on answered.cell_number = scored.cell_number
    and answered.month_start = scored.date_day
    and rules.nps_rule = scored.nps_rule;

-- What stands of an account is followed once, too, for all the cells that share it: under the cell of the total.
create temp view standing_answers as
select in_all as cell_number, *
from numbered
where is_scored and next_day is not null;

create temp table account_cells as
select account, shared(columns('^in_'))
from standing_answers
group by account;

create temp view standing_answers_in_parts as
from (
    unpivot (
        select part.* exclude (cell_number) replace (
            nullif(part.in_all, whole.in_all) as in_all,
            nullif(part.in_survey, whole.in_survey) as in_survey,
            nullif(part.in_channel, whole.in_channel) as in_channel,
            nullif(part.in_touchpoint, whole.in_touchpoint) as in_touchpoint,
            nullif(part.in_mode, whole.in_mode) as in_mode,
            nullif(part.in_segment, whole.in_segment) as in_segment,
            nullif(part.in_size, whole.in_size) as in_size,
            nullif(part.in_region, whole.in_region) as in_region,
            nullif(part.in_industry, whole.in_industry) as in_industry,
            nullif(part.in_lifecycle, whole.in_lifecycle) as in_lifecycle,
            nullif(part.in_team, whole.in_team) as in_team,
            nullif(part.in_owner, whole.in_owner) as in_owner
        )
        from standing_answers as part
        inner join account_cells as whole using (account)
    )
    on columns('^in_') into name dimension value cell_number
);

-- An answer enters on its first day and leaves on the day after its last. The sums of a day hold all its changes, of
-- which only the last has a later next day.
create temp macro spans(answers) as table
select cell_number, account, first_day, next_day, n_answers, n_promoters, n_detractors
from (
    select
        cell_number, account,
        date_day as first_day,
        lead(date_day) over standing as next_day,
        cast(sum(change) over standing as integer) as n_answers,
        cast(sum(change * n_promoters) over standing as integer) as n_promoters,
        cast(sum(change * n_detractors) over standing as integer) as n_detractors
    from (
        select
            cell_number, account, n_promoters, n_detractors,
            unnest([first_day, next_day]) as date_day,
            unnest([1, -1]) as change
        from query_table(answers)
    )
    window standing as (partition by cell_number, account order by date_day)
)
where n_answers > 0 and first_day < next_day;

create temp table account_spans as from spans('standing_answers');

create temp table account_spans_in_parts as from spans('standing_answers_in_parts');

create temp view spans_by_cell as
select cell_number, first_day, next_day, n_answers, n_promoters, n_detractors
from (
    unpivot (select * exclude (cell_number) from account_spans inner join account_cells using (account))
    on columns('^in_') into name dimension value cell_number
)
union all
select cell_number, first_day, next_day, n_answers, n_promoters, n_detractors
from account_spans_in_parts;

-- Accounts with equally many answers standing are a class: their sums are all that the error needs.
create temp table class_changes as
select
    cell_number, n_answers, date_day,
    cast(sum(n_clusters) as integer) as n_clusters,
    cast(sum(n_promoters) as integer) as n_promoters,
    cast(sum(n_detractors) as integer) as n_detractors,
    sum(squares) as squares
from (
    select
        cell_number, n_answers, first_day as date_day, 1 as n_clusters, n_promoters, n_detractors,
        pow(n_promoters - n_detractors, 2) as squares
    from spans_by_cell
    union all
    select
        cell_number, n_answers, next_day, -1, -n_promoters, -n_detractors,
        -pow(n_promoters - n_detractors, 2)
    from spans_by_cell
)
group by cell_number, n_answers, date_day;

create temp table day_classes as
select
    cell_number,
    first_day + cast(unnest(range(next_day - first_day)) as integer) as date_day,
    'all_responses' as nps_rule,
    n_clusters,
    n_answers as weight,
    100 * (n_promoters - n_detractors) / n_clusters as points,
    10000 * (squares - pow(n_promoters - n_detractors, 2) / n_clusters) as squares,
    n_answers * n_clusters as n_scored,
    n_promoters,
    n_detractors
from (
    select
        cell_number, n_answers,
        date_day as first_day,
        least(lead(date_day) over standing, getvariable('as_of') + 1) as next_day,
        sum(columns(['n_clusters', 'n_promoters', 'n_detractors', 'squares'])) over standing
    from class_changes
    window standing as (partition by cell_number, n_answers order by date_day)
)
where n_clusters > 0;

create temp table day_scores as from scores('day_classes');

-- A row for every day from the cell's first answer on, also where nothing stands.
create table nps_rolling as
select
    days.date_day, cells.program_type, cells.dimension, cells.dimension_value,
    cast(coalesce(scored.n_scored, 0) as bigint) as n_scored,
    cast(coalesce(scored.n_promoters, 0) as bigint) as n_promoters,
    cast(coalesce(scored.n_scored - scored.n_promoters - scored.n_detractors, 0) as bigint) as n_passives,
    cast(coalesce(scored.n_detractors, 0) as bigint) as n_detractors,
    cast(coalesce(scored.n_clusters, 0) as bigint) as n_clusters,
    scored.nps,
    scored.effective_n,
    scored.std_error
from (
    select cell_number, cast(unnest(range(min(date_day), getvariable('as_of') + 1, interval 1 day)) as date) as date_day
    from class_changes
    group by cell_number
) as days
inner join cells using (cell_number)
left join day_scores as scored using (cell_number, date_day);
