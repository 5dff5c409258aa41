{#
    The two columns that say what became of a raw row, in the order in which rows are judged: an older version is
    superseded whatever it holds, a deleted row is deleted, and only then does a reason send the row to quarantine.
    Expects is_superseded, is_deleted and reason in the relation selected from.
#}
{% macro verdict_columns(is_deleted='is_deleted') -%}
    case
        when is_superseded then 'superseded'
        {%- if is_deleted %}
        when {{ is_deleted }} then 'deleted'
        {%- endif %}
        when reason is not null then 'quarantined'
        else 'accepted'
    end as verdict,
    case
        when is_superseded{{ ' or ' ~ is_deleted if is_deleted }} then null
        else reason
    end as quarantine_reason
{%- endmacro %}
