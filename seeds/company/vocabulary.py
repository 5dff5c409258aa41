"""The words of the company, with the satisfaction that they add."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SEGMENTS = ("enterprise", "mid_market", "small_business")
SEGMENT_SATISFACTION = np.array([-0.15, 0.0, 0.15])
SEGMENT_PRICE = np.array([4000.0, 1400.0, 350.0])  # median monthly subscription
SEGMENT_CONTACTS = np.array([[7, 15], [3, 8], [1, 4]])
SEGMENT_SHARE_OLD, SEGMENT_SHARE_NEW = (22, 36, 42), (4, 20, 76)
SIZE_BANDS = ("1-49", "50-249", "250-999", "1000+")
REGIONS = ("north_america", "europe", "latin_america", "asia_pacific")
REGION_SATISFACTION = np.array([0.1, -0.2, 0.4, -0.3])
COUNTRIES = ("US", "CA", "DE", "FR", "ES", "NL", "GB", "MX", "BR", "AU", "SG", "JP")
COUNTRY_SHARE = (30, 8, 12, 9, 5, 4, 8, 6, 5, 7, 3, 3)
COUNTRY_REGION = np.array([0, 0, 1, 1, 1, 1, 1, 2, 2, 3, 3, 3])
COUNTRY_IS_EURO = np.array([0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0], dtype=bool)
LANGUAGES = ("en", "de", "fr", "es")
COUNTRY_LANGUAGE = np.array([0, 0, 1, 2, 3, 0, 0, 3, 0, 0, 0, 0])
INDUSTRIES = ("software", "manufacturing", "retail", "healthcare", "logistics", "finance", "education")
SOURCES = ("referral", "word_of_mouth", "advertising", "outbound", "partner", "event")
SOURCE_SHARE = (18, 8, 24, 22, 14, 6, 8)  # the last share is "not known"
ROLES = ("decision_maker", "influencer", "user")
OWNER_TEAMS = ("field_east", "field_west", "inside", "strategic")
AGENT_TEAMS = ("support_desk", "support_plus", "digital_care")
CHANNELS = ("email", "sms", "in_app", "web", "app", "call_centre", "shop", "bot", "social")
CHANNEL_SATISFACTION = np.array([0.0, 0.05, 0.1, -0.1, 0.1, 0.45, 0.5, -0.9, -0.6])
CHANNEL_RESPONSE = np.array([0.42, 0.36, 0.44, 0.34, 0.40, 0.52, 0.50, 0.34, 0.0])
TOUCHPOINTS = ("onboarding", "upgrade", "downgrade", "support", "purchase")
TOUCHPOINT_SATISFACTION = np.array([0.2, 0.3, -0.7, -0.25, 0.1])
MODES = ("self_service", "warm_transfer", "visual", "agent")
MODE_SATISFACTION = np.array([-0.15, 0.2, 0.4, 0.0])
# Weights of the modes by channel: a bot serves or hands over, people at a counter do not send customers away.
CHANNEL_MODES = np.array([(10, 15, 10, 65), (10, 15, 0, 75), (35, 15, 20, 30), (40, 15, 15, 30), (35, 15, 20, 30),
                          (0, 22, 18, 60), (0, 10, 15, 75), (78, 22, 0, 0), (0, 0, 0, 100)])  # fmt: skip
AGENT_SD = 0.3
EMPLOYEE_TEAMS = ("support", "sales", "engineering", "operations", "office")
EMPLOYEE_TEAM_SIZE = (14, 12, 16, 8, 3)  # the office stays at 3 whatever the scale: too small to publish
EMPLOYEE_SATISFACTION = np.array([7.1, 7.8, 8.2, 7.5, 7.6])
OUTCOMES = ("resolved", "credit_granted", "feature_request", "no_answer", "lost")
EXCLUSIONS = ("test answer", "answered twice", "competitor")

NPS_QUESTION = "How likely are you to recommend us to a friend or colleague?"
# id, name, program type, metric, question, lowest, highest, direction, counts as NPS
SURVEYS: tuple[tuple[str, str, str, str, str, int, int, str, bool | None], ...] = (
    ("rel", "Relationship survey", "relationship", "nps", NPS_QUESTION, 0, 10, "higher_is_better", True),
    ("sup", "After support", "transactional", "nps", NPS_QUESTION, 0, 10, "higher_is_better", True),
    ("onb", "After onboarding", "transactional", "nps", NPS_QUESTION, 0, 10, "higher_is_better", True),
    ("upg", "After upgrade", "transactional", "nps", NPS_QUESTION, 0, 10, "higher_is_better", True),
    ("dwn", "After downgrade", "transactional", "nps", NPS_QUESTION, 0, 10, "higher_is_better", True),
    ("pur", "After purchase", "transactional", "nps", NPS_QUESTION, 0, 10, "higher_is_better", True),
    ("cst", "Satisfaction with support", "transactional", "csat", "How satisfied are you with our support?",
     1, 5, "higher_is_better", False),
    ("ces", "Ease of support", "transactional", "ces", "We made it easy to solve my problem.",
     1, 7, "higher_is_better", False),
    ("eff", "Effort of support", "transactional", "ces", "How much effort did your request take?",
     1, 7, "lower_is_better", None),
    ("lik", "Shop counter, 1 to 10", "transactional", "nps", "Would you recommend this shop?",
     1, 10, "higher_is_better", False),
    ("web", "Old web form, 1 to 10", "transactional", "nps", "Would you recommend our site?",
     1, 10, "higher_is_better", None),
    ("soc", "On demand", "on_demand", "nps", NPS_QUESTION, 0, 10, "higher_is_better", True),
    ("emp", "Employee survey", "employee", "nps", "How likely are you to recommend us as a place to work?",
     0, 10, "higher_is_better", True),
)  # fmt: skip
SURVEY = {survey[0]: code for code, survey in enumerate(SURVEYS)}
SUPPORT_SURVEYS = ("sup", "cst", "ces", "eff")
TOUCHPOINT_SURVEYS: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "onboarding": (("onb",), (1,)),
    "upgrade": (("upg",), (1,)),
    "downgrade": (("dwn",), (1,)),
    "support": (SUPPORT_SURVEYS, (68, 17, 8, 7)),
    "purchase": (("pur", "lik", "web"), (76, 12, 12)),
}
# Shares of the channels in the first and in the last month: support moves from the phone to the screen.
CHANNEL_SHARES: dict[str, tuple[Sequence[int], Sequence[int]]] = {
    "rel": ((80, 0, 20, 0, 0, 0, 0, 0, 0), (70, 0, 30, 0, 0, 0, 0, 0, 0)),
    "support": ((20, 5, 3, 4, 3, 52, 8, 5, 0), (18, 5, 12, 10, 8, 25, 5, 17, 0)),
    "onboarding": ((70, 0, 30, 0, 0, 0, 0, 0, 0), (50, 0, 50, 0, 0, 0, 0, 0, 0)),
    "upgrade": ((60, 10, 30, 0, 0, 0, 0, 0, 0), (50, 10, 40, 0, 0, 0, 0, 0, 0)),
    "downgrade": ((60, 10, 30, 0, 0, 0, 0, 0, 0), (50, 10, 40, 0, 0, 0, 0, 0, 0)),
    "purchase": ((30, 15, 0, 20, 10, 0, 25, 0, 0), (25, 15, 0, 28, 17, 0, 15, 0, 0)),
}
NAME_STARTS = ("Bral", "Quen", "Tor", "Velm", "Osk", "Drin", "Pell", "Zar", "Hux", "Marn", "Isk", "Fend")
NAME_ENDS = ("ton", "ova", "dex", "mark", "ium", "wick", "ara", "holt", "ello", "nix", "sund", "ora")
NAME_KINDS = ("Systems", "Works", "Group", "Foods", "Care", "Freight", "Labs", "Textiles")
FIRST_NAMES = ("Avi", "Bela", "Cori", "Dalo", "Emri", "Fenn", "Gita", "Hale", "Ines", "Joss", "Kim", "Lio")
LAST_NAMES = ("Dorvel", "Brenner", "Askel", "Tovani", "Quill", "Marsten", "Oduro", "Pelka", "Sorano", "Vint", "Yarrow")
