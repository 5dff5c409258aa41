-- A word that stood twice for one column would mean whichever was read last.
{% set named = adapter.quote('column') %}
{% set raw_word = adapter.quote('word') %}

select
    {{ named }},
    lower({{ clean_text(raw_word) }}) as word,
    count(*) as n_rows
from {{ ref('value_words') }}
group by {{ named }}, lower({{ clean_text(raw_word) }})
having count(*) > 1
