{#- The versions of a table's records, each with its id of 18 characters, when it began, and whether it is deleted. In
history mode a record whose latest version is not active is deleted. -#}
{%- macro versions(relation) -%}
    select
        *,
        {{ salesforce_id("id") }} as record_id,
        {{ salesforce_id("master_record_id") if relation in (input.account, input.account_history, input.contact) else "null" }}
            as survivor_id,
        coalesce(_fivetran_start, changed_at) as began_at,
        {{ is_true("is_deleted") if relation != input.user else "false" }} or {{ is_true("_fivetran_deleted") }}
        or (
            _fivetran_active is not null
            and row_number() over (
                partition by {{ salesforce_id("id") }} order by {{ is_true("_fivetran_active") }} desc, _fivetran_start desc
            ) = 1
            and not {{ is_true("_fivetran_active") }}
        ) as is_gone
    from {{ relation }}
{%- endmacro -%}
