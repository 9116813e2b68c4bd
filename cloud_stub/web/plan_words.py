"""The words of plans and money: states, intervals, modes, payments, groups of services."""

from typing import Final

from cloud_stub.domain.billing_records import Interval
from cloud_stub.web.languages import Language
from cloud_stub.web.words import N_

STATE: Final = {
    "scheduled": N_("Starts later"),
    "incomplete": N_("Not paid"),
    "active": N_("Active"),
    "unattached": N_("No camera chosen"),
    "past_due": N_("Payment declined"),
    "paused": N_("Resting: no camera account is linked"),
    "ending": N_("Ending"),
    "ended": N_("Ended"),
}
TONE: Final = {"active": "good", "ended": "plain", "scheduled": "plain", "past_due": "bad", "incomplete": "bad"}
"""The colour of a state; every other one is a warning."""
INTERVAL: Final = {"week": N_("each week"), "month": N_("each month"), "year": N_("each year")}
A_TIME: Final = {Interval.WEEK: N_("a week"), Interval.MONTH: N_("a month"), Interval.YEAR: N_("a year")}
WHEN: Final = {"now": N_("Now"), "period_end": N_("At the end of the paid time")}
TEST_METHODS: Final = (
    ("tok_approve", N_("Test card that is accepted")),
    ("tok_decline", N_("Test card that is declined")),
    ("tok_timeout_once", N_("Test card whose first answer is lost")),
)
INVOICE_STATE: Final = {
    "open": N_("to be paid"),
    "paid": N_("paid"),
    "void": N_("withdrawn"),
    "uncollectible": N_("not paid"),
}
INVOICE_TONE: Final = {"open": "warn", "paid": "good", "void": "plain", "uncollectible": "bad"}
GROUP: Final = {
    "included": N_("Included service"),
    "video": N_("Video service"),
    "security": N_("Security service"),
    "payments": N_("Payments"),
    "plans": N_("Plans"),
}

PLAN: Final = {
    N_("Included service"),
    N_("Continuous video recording"),
    N_("Backup connection"),
    N_("Professional monitoring"),
}
"""Names of plans that are words of a language; every other one is a name, and stays as the catalog has it."""


def say_plan(language: Language, name: str) -> str:
    """Say a plan's name."""
    return language.say(name) if name in PLAN else name


def say_price(language: Language, amount_minor: int, currency: str, interval: Interval) -> str:
    """Say what a plan costs and how often."""
    return f"{language.money(amount_minor, currency)} {language.say(A_TIME[interval])}"
