with

kept_versions as (
    select * from {{ source('history', 'account_versions') }}
),

typed as (
    select
        {{ clean_text('account_id') }} as account_id,
        {{ clean_text('segment') }} as segment,
        {{ clean_text('size_band') }} as size_band,
        {{ clean_text('region') }} as region,
        {{ clean_text('industry') }} as industry,
        {% for field in var('account_fields') %}
        {{ clean_text(field) }} as {{ field }},
        {% endfor %}
        {{ clean_text('owner_id') }} as owner_id,
        {{ parse_date('first_seen_on') }} as first_seen_on,
        {{ parse_timestamp('updated_at') }} as updated_at
    from kept_versions
),

-- What an account was without a date when it was first seen has been so before; what it became later, since that night.
ordered as (
    select
        *,
        row_number() over (
            partition by account_id, case when updated_at is null then 0 else 1 end
            order by first_seen_on
        ) as place,
        row_number() over (
            partition by account_id, case when updated_at is null then 0 else 1 end
            order by first_seen_on desc
        ) as place_from_last
    from typed
),

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
        updated_at is null and place_from_last = 1 as is_last_undated,
        case
            when updated_at is not null then {{ local_date('updated_at') }}
            when place > 1 then first_seen_on
        end as updated_date,
        first_seen_on,
        updated_at
    from ordered
)

select * from final
