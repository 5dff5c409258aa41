"""What is planted: how mood and quality move answers and money."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Effects:
    """How an account's mood and quality move its money. `Effects(0, 0)` is a company where mood moves nothing.

    price_per_100_points: share by which a quarter's subscription is higher when the account's points stood 100
        above its usual level, on average over the four quarters before.
    churn_per_100_points: how much less likely the account is to leave in a quarter when its points stood 100
        above its usual level in the quarter before.
    growth_per_quality: yearly log growth per standard deviation of quality, which also raises the answers: the
        confounder, not an effect of the score.
    """

    price_per_100_points: float = 0.176
    churn_per_100_points: float = 0.030
    growth_per_quality: float = 0.060


PLANTED = Effects()

GROWTH_PER_YEAR = 0.15  # trend of the log price
GROWTH_NOISE = 0.03  # standard deviation of its quarterly step
CHURN_PER_QUARTER, CHURN_PER_QUALITY = 0.022, 0.004

MEAN_SATISFACTION = 8.05  # on the 0-10 scale, before the answer is rounded and clipped
DRIFT_PER_YEAR = 0.20
QUALITY_TO_SATISFACTION = 0.8
MOOD_SD, MOOD_MEMORY = 1.7, 0.45  # of an account's half-yearly mood; memory is its autocorrelation
CONTACT_SD = 0.4  # a contact's standing bias
ANSWER_SPREAD = 0.6  # logistic scale of one answer around it
BAD_DAY_SHARE, BAD_DAY = 0.05, 4.0  # now and then an answer is that much lower

# theme, polarity, what was done, started, shipped, metric, what is left of the theme's share of comments afterwards
ACTIONS = (
    ("shipping", "negative", "Boxes that survive the journey", "2024-10-07", "2025-02-03", "nps", 0.35),
    ("documentation", "negative", "Rewrite the manual with examples", "2025-03-10", "2025-09-01", "nps", 0.5),
    ("support_speed", "negative", "A second shift at the help desk", "2023-11-06", "2024-04-01", "nps", 1.0),
    ("billing", "negative", "One invoice for all sites", "2024-05-13", "2024-11-18", "nps", 1.0),
    ("reliability", "negative", "Move the database to two sites", "2024-09-02", "2025-06-16", "csat", 1.0),
    ("onboarding", "negative", "Two check-ins within 60 days", "2024-01-15", "2024-02-12", "nps", 1.0),
    ("usability", "neutral", "New start page", "2025-01-20", "2025-05-05", "ces", 1.0),
    ("integrations", "negative", "Notice of 90 days before an API changes", "2025-04-14", "2025-07-07", "nps", 1.0),
    ("product_quality", "positive", "Tell the makers what customers praise", "2025-08-04", "2025-08-25", "nps", 1.0),
    ("features", "negative", "Bulk export", "2025-11-03", "2026-03-09", "nps", 1.0),
    ("price", "negative", "A plan for small teams", "2026-02-02", None, "nps", 1.0),
    ("sales", "negative", "Account managers stay for two years", "2026-04-13", None, "nps", 1.0),
)
