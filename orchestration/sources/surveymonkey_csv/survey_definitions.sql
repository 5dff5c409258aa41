{% include "survey_definitions.sql" %}
