{% include "salesforce_fivetran/crm_revenue.sql" %}
