with won as (
    select account_id from {{ input.opportunity }} where {{ is_true("is_won") }}
),

accounts as (
    select {{ salesforce_id("id") }} as record_id from {{ input.account }}
    union
    select {{ salesforce_id("id") }} from {{ input.account_history }}
)

select
    'opportunities_not_taken' as rule,
    count(*) as n_rows,
    'opportunities are won, and their amounts are not read as revenue.' as message,
    'If no other source gives the revenue, add crm_revenue to the option tables.' as next_step,
    false as is_fatal
from won
having {{ "false" if "crm_revenue" in (option.tables or []) else "true" }}
union all
select
    'opportunities_without_account',
    count(*),
    'won opportunities name no account that is there; their amounts go to quarantine.',
    'Load the accounts anew.',
    false
from won
anti join accounts on {{ salesforce_id("won.account_id") }} = accounts.record_id
having {{ "true" if "crm_revenue" in (option.tables or []) else "false" }}
union all
select
    'contacts_without_account',
    count(*),
    'contacts name an account that is not there.',
    'Load the accounts anew.',
    false
from {{ input.contact }} as contacts
anti join accounts on {{ salesforce_id("contacts.account_id") }} = accounts.record_id
where contacts.account_id is not null
