{% include "salesforce_fivetran/crm_contacts.sql" %}
