{#- The question of each survey that stands for a column; one that was deleted only where no other is left. -#}
{%- macro question(name, tag) -%}
{{ name }} as (
    select survey_id, id as question_id, question_text
    from {{ input.question }}
    where {% if tag -%}
        {{ tag | literal }} in (id, data_export_tag)
    {%- else -%}
        {{ "upper(selector) = 'NPS' or upper(question_type) = 'NPS'" if name == "scored" else "false" }}
    {%- endif %}
    qualify row_number() over (partition by survey_id order by {{ is_true("_fivetran_deleted") }}, id) = 1
)
{%- endmacro -%}
{%- macro wanted(column) -%}
    {%- if option.surveys %}{{ column }} in ({% for each in option.surveys %}{{ each | literal }}{{ ", " if not loop.last }}{% endfor %}){% else %}true{% endif -%}
{%- endmacro -%}
