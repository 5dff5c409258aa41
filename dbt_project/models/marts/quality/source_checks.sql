with

surveys as (
    select * from {{ ref('int_surveys_checked') }}
),

revenue as (
    select * from {{ ref('int_revenue_checked') }}
),

identities as (
    select * from {{ ref('int_identities_checked') }}
),

values_read as (
    select * from {{ ref('int_values_checked') }}
),

{% set no_amount = 'cast(null as ' ~ float_type() ~ ')' %}

unioned as (
    select
        'survey_responses' as raw_table,
        check_name,
        survey_id as subject,
        verdict,
        message,
        example_key,
        n_rows,
        n_flagged,
        {{ no_amount }} as amount,
        {{ no_amount }} as amount_flagged
    from surveys
    union all
    select
        'crm_revenue' as raw_table,
        check_name,
        subject,
        verdict,
        message,
        example_key,
        n_rows,
        n_flagged,
        amount,
        amount_flagged
    from revenue
    union all
    select
        raw_table,
        check_name,
        'all' as subject,
        verdict,
        message,
        example_key,
        n_rows,
        n_flagged,
        {{ no_amount }} as amount,
        {{ no_amount }} as amount_flagged
    from identities
    union all
    select
        raw_table,
        'values_readable' as check_name,
        subject,
        verdict,
        message,
        example_key,
        n_rows,
        n_flagged,
        {{ no_amount }} as amount,
        {{ no_amount }} as amount_flagged
    from values_read
),

final as (
    select
        cast(raw_table as {{ dbt.type_string() }}) as raw_table,
        cast(check_name as {{ dbt.type_string() }}) as check_name,
        cast(subject as {{ dbt.type_string() }}) as subject,
        cast(verdict as {{ dbt.type_string() }}) as verdict,
        cast(message as {{ dbt.type_string() }}) as message,
        cast(example_key as {{ dbt.type_string() }}) as example_key,
        cast(n_rows as bigint) as n_rows,
        cast(n_flagged as bigint) as n_flagged,
        case when n_rows > 0 then n_flagged * 1e0 / n_rows end as share_flagged,
        cast(amount_flagged as {{ float_type() }}) as amount_flagged,
        cast(case when amount > 0 then amount_flagged / amount end as {{ float_type() }}) as share_of_amount
    from unioned
)

select * from final
