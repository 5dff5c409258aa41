{#
    The group of an account: its nearest category, or why it has none. Without any invitation on record nobody can say who
    was not asked, so every silent account is then `no_response`.
#}
{% macro nps_group(account_points, n_invitations, has_invitation_records) -%}
    case
        when {{ account_points }} >= 50 then 'promoter'
        when {{ account_points }} <= -50 then 'detractor'
        when {{ account_points }} is not null then 'passive'
        when {{ n_invitations }} > 0 or not {{ has_invitation_records }} then 'no_response'
        else 'not_invited'
    end
{%- endmacro %}
