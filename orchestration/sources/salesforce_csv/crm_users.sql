{% include "salesforce_fivetran/crm_users.sql" %}
