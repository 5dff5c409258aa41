{#
    For `follow` of a `recompute`: which answers or invitations a change of keys, contacts, addresses or domains touches, by what
    they name as it came. `rows_of`: a template of a query of the units, with {column} in its place of the named column and
    {keys} of a query of the values that changed.
#}
{% macro touched_by_links(rows_of) -%}
    {{ return({
        'stg_crm__account_keys': rows_of
            .replace('{column}', 'account_id').replace('{keys}', 'select account_key from {changes}'),
        'int_contact_histories_dated': rows_of
            .replace('{column}', 'contact_id').replace('{keys}', 'select contact_id from {changes}'),
        'int_contact_emails_matched': rows_of
            .replace('{column}', 'contact_email').replace('{keys}', 'select email from {changes}'),
        'int_email_domains_matched': rows_of
            .replace('{column}', email_domain('contact_email')).replace('{keys}', 'select email_domain from {changes}'),
    }) }}
{%- endmacro %}
