{% include "salesforce_fivetran/account_links.sql" %}
