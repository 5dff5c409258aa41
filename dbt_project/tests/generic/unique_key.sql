{#
    The columns name one row, none of them null: the grain of the model; and none of `no_nulls` is ever null. In one reading of
    the table, since each test of its own takes longer than that. By the key the release is written in order, and patched.
#}
{% test unique_key(model, columns, no_nulls=[]) %}
{% set problems = ['count(*) > 1'] %}
{% for column in columns %}
{% do problems.append(column ~ ' is null') %}
{% endfor %}
{% for column in no_nulls %}
{% do problems.append('count(' ~ column ~ ') < count(*)') %}
{% endfor %}

select
    {{ columns | join(', ') }},
    count(*) as n_rows
from {{ model }}
group by {{ columns | join(', ') }}
having {{ problems | join(' or ') }}

{% endtest %}
