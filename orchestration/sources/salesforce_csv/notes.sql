{% include "salesforce_fivetran/notes.sql" %}
