"""The company, whole."""

from __future__ import annotations

from seeds.company.accounts import draw_accounts, draw_contacts, staff_count
from seeds.company.answers import answer_invitations, collect_answers, draw_invitations
from seeds.company.customers import crm_accounts, crm_contacts, crm_contracts, crm_users, draw_contracts
from seeds.company.dirt import Company, make_dirty
from seeds.company.drawing import stream
from seeds.company.loop import crm_cases, crm_check_ins, crm_referrals, draw_cases, feedback_actions
from seeds.company.revenue import crm_revenue, exchange_rates
from seeds.company.surveys import survey_definitions, survey_invitations, survey_responses
from seeds.company.time import AGENTS_AT_SCALE_1, OWNERS_AT_SCALE_1


def generate(scale: float = 1.0, seed: int = 1) -> Company:
    """The 13 raw tables at this scale."""
    owners, agents = staff_count(OWNERS_AT_SCALE_1, scale), staff_count(AGENTS_AT_SCALE_1, scale)
    company = Company(stream(seed, "dirt"), max(round(3 * scale**0.5), 2))
    tables = company.tables
    accounts, paths = draw_accounts(scale, seed)
    contracts = draw_contracts(accounts)
    tables["crm_accounts"] = crm_accounts(stream(seed, "crm_accounts"), accounts)
    tables["crm_users"] = crm_users(stream(seed, "crm_users"), owners, agents)
    tables["crm_contracts"] = crm_contracts(stream(seed, "crm_contracts"), accounts, paths, contracts)
    tables["crm_revenue"] = crm_revenue(stream(seed, "crm_revenue"), accounts, paths, contracts)
    tables["crm_check_ins"] = crm_check_ins(stream(seed, "crm_check_ins"), accounts)
    tables["crm_referrals"] = crm_referrals(stream(seed, "crm_referrals"), accounts, paths)
    tables["feedback_actions"] = feedback_actions(stream(seed, "feedback_actions"), owners)
    tables["exchange_rates"] = exchange_rates()

    rng = stream(seed, "surveys")
    contacts = draw_contacts(rng, accounts)
    tables["crm_contacts"] = crm_contacts(stream(seed, "crm_contacts"), contacts)
    invitations = draw_invitations(rng, accounts, contacts, paths, agents)
    invitations = answer_invitations(rng, invitations, contacts, paths, agents)
    tables["survey_definitions"] = survey_definitions()
    tables["survey_invitations"] = survey_invitations(stream(seed, "survey_invitations"), invitations)
    answers = collect_answers(rng, invitations, contacts, scale)
    del invitations
    tables["survey_responses"] = survey_responses(stream(seed, "survey_responses"), answers)
    cases = draw_cases(stream(seed, "crm_cases"), answers, accounts)
    tables["crm_cases"] = crm_cases(stream(seed, "case rows"), cases)
    del answers
    make_dirty(company, cases)
    return company
