{% include "salesforce_fivetran/crm_accounts.sql" %}
