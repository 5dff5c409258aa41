{% set text = dbt.type_string() %}

with

answers as (
    select * from {{ ref('int_survey_responses_described') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

-- Who names nobody wants to be anonymous; who names somebody that nobody knows is lost to every account.
flagged as (
    select
        answers.response_id,
        case
            when
                answers.account_id is not null
                or answers.contact_id is not null
                or answers.cluster_id <> 'response ' || answers.response_id
                then 1
            else 0
        end as is_named,
        case when answers.account_id is not null then 1 else 0 end as is_placed,
        case
            when answers.answered_date < {{ add_days('accounts.created_date', -30) }} then 1
            else 0
        end as is_before_account
    from answers
    left join accounts
        on answers.account_id = accounts.account_id
),

counted as (
    select
        coalesce(sum(is_named), 0) as n_named,
        coalesce(sum(is_named - is_placed), 0) as n_lost,
        coalesce(sum(is_placed), 0) as n_placed,
        coalesce(sum(is_before_account), 0) as n_before,
        min(case when is_named = 1 and is_placed = 0 then response_id end) as example_lost,
        min(case when is_before_account = 1 then response_id end) as example_before
    from flagged
),

checked as (
    select
        'answers_linked' as check_name,
        n_named as n_rows,
        n_lost as n_flagged,
        {{ check_verdict('false', 'n_lost > 0.1 * n_named and n_lost >= ' ~ var('minimum_flagged_answers')) }}
            as verdict,
        case
            when n_lost = 0 then 'Every answer that names an account or a person leads to an account.'
            else concat(
                    cast(n_lost as {{ text }}), ' of ', cast(n_named as {{ text }}),
                    ' answers name an account or a person that leads to no account. They count in the score of the ',
                    'company and in no money. Send the missing accounts and contacts, or say in account_links ',
                    'which key is which account.'
                )
        end as message,
        example_lost as example_key
    from counted
    union all
    select
        'answers_since_account' as check_name,
        n_placed as n_rows,
        n_before as n_flagged,
        {{ check_verdict('false', 'n_before > 0.1 * n_placed and n_before >= ' ~ var('minimum_flagged_answers')) }}
            as verdict,
        case
            when n_before = 0 then 'No answer comes over a month before its account was created.'
            else concat(
                    cast(n_before as {{ text }}), ' of ', cast(n_placed as {{ text }}),
                    ' answers come over a month before their account was created. created_at may be the day of a ',
                    'move to another CRM; tenure and segments of new accounts are then wrong.'
                )
        end as message,
        example_before as example_key
    from counted
),

final as (
    select
        check_name,
        verdict,
        message,
        example_key,
        {{ as_count('n_rows') }} as n_rows,
        {{ as_count('n_flagged') }} as n_flagged
    from checked
)

select * from final
