{% set seen = input.responses %}
{% include "delighted_surveys.sql" %}
