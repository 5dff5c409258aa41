{# A column that is a dimension has no more values than these: with more, no table by it could be read. #}
{% test few_values(model, column_name, at_most) %}

select
    '{{ column_name }}' as field,
    count(distinct {{ column_name }}) as n_values
from {{ model }}
having count(distinct {{ column_name }}) > {{ at_most }}

{% endtest %}
