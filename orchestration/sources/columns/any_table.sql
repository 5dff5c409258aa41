{%- set text = namespace(amount=["amount", "cost", "annual_amount"]) -%}
{%- macro value(column) -%}
    {%- set name = column | identifier -%}
    {%- if column in (option.constants or {}) -%}{{ option.constants[column] | literal }}
    {%- elif column in text.amount and option.amounts == "smallest" -%}
        coalesce({{ money(name, "currency") }}, {{ name }})
    {%- elif column == "period_end" and option.period_end == "exclusive" -%}
        coalesce(cast(cast(greatest({{ date(name) }} - 1, {{ date("period_start") }}) as date) as varchar), {{ name }})
    {%- elif column == "currency" -%}upper({{ name }})
    {%- elif column == "score" -%}{{ score(name, option.scores == "choice_codes") }}
    {%- elif kind(column) == "moment" -%}{{ unix(name) if option.unix_times else instant(name) }}
    {%- elif kind(column) == "day" -%}{{ day(name) }}
    {%- elif kind(column) == "number" -%}{{ number(name, option.decimal) }}
    {%- else -%}{{ name }}
    {%- endif -%}
{%- endmacro -%}
{%- set given = [] -%}
{%- for column in contract if column in found.rows or column in (option.constants or {}) -%}
    {%- set _ = given.append(column) -%}
{%- endfor -%}
{%- if option.key_from -%}
    {%- set key = option.key_from | map("identifier") | join(", ") -%}
    {%- set hash = "md5(concat_ws(chr(31), " ~ source | literal ~ ", " ~ key ~ "))" %}
select
    {{ hash }} || '-' || row_number() over (partition by {{ key }} order by _row) as {{ contract[0] | identifier }},
    {%- for column in given if column != contract[0] %}
    {{ value(column) }} as {{ column | identifier }}{{ "," if not loop.last }}
    {%- endfor %}
from {{ input.rows }}
order by _row
{%- else %}
select
    {%- for column in given %}
    {{ value(column) }} as {{ column | identifier }}{{ "," if not loop.last }}
    {%- endfor %}
from {{ input.rows }}
{%- endif %}
