{# Every raw table, in the order in which it is documented: its source, its staging model and the columns of its key. #}
{% macro raw_tables() -%}
    {{ return([
        {'name': 'survey_definitions', 'source': 'survey', 'model': 'stg_survey__definitions', 'key': ['survey_id']},
        {'name': 'survey_invitations', 'source': 'survey', 'model': 'stg_survey__invitations', 'key': ['invitation_id']},
        {'name': 'survey_responses', 'source': 'survey', 'model': 'stg_survey__responses', 'key': ['response_id']},
        {'name': 'crm_accounts', 'source': 'crm', 'model': 'stg_crm__accounts', 'key': ['account_id']},
        {'name': 'crm_contacts', 'source': 'crm', 'model': 'stg_crm__contacts', 'key': ['contact_id']},
        {'name': 'crm_users', 'source': 'crm', 'model': 'stg_crm__users', 'key': ['user_id']},
        {'name': 'crm_contracts', 'source': 'crm', 'model': 'stg_crm__contracts', 'key': ['contract_id']},
        {'name': 'crm_revenue', 'source': 'crm', 'model': 'stg_crm__revenue', 'key': ['revenue_id']},
        {'name': 'crm_cases', 'source': 'crm', 'model': 'stg_crm__cases', 'key': ['case_id']},
        {'name': 'crm_check_ins', 'source': 'crm', 'model': 'stg_crm__check_ins', 'key': ['check_in_id']},
        {'name': 'crm_referrals', 'source': 'crm', 'model': 'stg_crm__referrals', 'key': ['referral_id']},
        {'name': 'account_links', 'source': 'crm', 'model': 'stg_crm__account_links', 'key': ['source', 'source_account_id']},
        {'name': 'feedback_actions', 'source': 'feedback', 'model': 'stg_feedback__actions', 'key': ['action_id']},
        {'name': 'exchange_rates', 'source': 'finance', 'model': 'stg_finance__exchange_rates', 'key': ['month', 'currency']},
    ]) }}
{%- endmacro %}
