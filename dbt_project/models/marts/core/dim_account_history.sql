{{ config(meta={'compared_by': 'account_id'}) }}

with

-- Superseded versions are the history; an account whose last version is deleted or quarantined has none.
raw_versions as (
    select * from {{ ref('stg_crm__accounts') }}
    where verdict in ('accepted', 'superseded')
),

kept_versions as (
    select * from {{ ref('stg_history__account_versions') }}
),

current_accounts as (
    select account_id from {{ ref('stg_crm__accounts') }}
    where verdict = 'accepted'
),

last_undated as (
    select
        account_id,
        updated_date
    from {{ ref('stg_history__account_versions') }}
    where is_last_undated
),

undated_keys as (
    select
        *,
        case when updated_at is null then account_id end as undated_account_id
    from raw_versions
),

-- A row without a date holds since the night that first saw it so.
versions as (
    select
        undated_keys.account_id,
        undated_keys.segment,
        undated_keys.size_band,
        undated_keys.region,
        undated_keys.industry,
        {% for field in var('account_fields') %}
        undated_keys.{{ field }},
        {% endfor %}
        undated_keys.owner_id,
        case when undated_keys.verdict = 'accepted' then 1 else 2 end as precedence,
        coalesce({{ local_date('undated_keys.updated_at') }}, last_undated.updated_date) as updated_date,
        undated_keys.updated_at,
        undated_keys.loaded_at,
        undated_keys._row_number
    from undated_keys
    left join last_undated
        on undated_keys.undated_account_id = last_undated.account_id
    union all
    -- What a load has overwritten stands behind what is still there for the same day.
    select
        account_id,
        segment,
        size_band,
        region,
        industry,
        {% for field in var('account_fields') %}
        {{ field }},
        {% endfor %}
        owner_id,
        3 as precedence,
        updated_date,
        updated_at,
        cast(null as timestamp) as loaded_at,
        cast(null as {{ dbt.type_bigint() }}) as _row_number
    from kept_versions
),

dated as (
    select versions.*
    from versions
    inner join current_accounts
        on versions.account_id = current_accounts.account_id
),

-- The last version of a day stands for that day; one that was never dated comes first.
last_of_day as (
    select
        *,
        row_number() over (
            partition by account_id, updated_date
            order by
                precedence asc,
                updated_at desc nulls last,
                loaded_at desc nulls last,
                _row_number desc nulls last,
                segment asc,
                size_band asc,
                region asc,
                industry asc,
                {% for field in var('account_fields') %}
                {{ field }} asc,
                {% endfor %}
                owner_id asc
        ) as version_of_day
    from dated
),

ordered as (
    select
        *,
        row_number() over (
            partition by account_id
            order by case when updated_date is null then 0 else 1 end, updated_date
        ) as version_number,
        lead(updated_date) over (
            partition by account_id
            order by case when updated_date is null then 0 else 1 end, updated_date
        ) as next_updated_date
    from last_of_day
    where version_of_day = 1
),

-- What is known first is taken to have been so before, and what is known last to last.
final as (
    select
        account_id,
        segment,
        size_band,
        region,
        industry,
        {% for field in var('account_fields') %}
        {{ field }},
        {% endfor %}
        owner_id,
        case when version_number = 1 then date '1900-01-01' else updated_date end as valid_from,
        coalesce(next_updated_date, date '9999-12-31') as valid_to
    from ordered
)

select * from final
