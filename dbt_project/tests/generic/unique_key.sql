{#
    The columns name one row, none of them null: the grain of the model, in one test. By it the release is written in order, and
    patched.
#}
{% test unique_key(model, columns) %}

select
    {{ columns | join(', ') }},
    count(*) as n_rows
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {% for column in columns %}
    or {{ column }} is null
    {% endfor %}

{% endtest %}
