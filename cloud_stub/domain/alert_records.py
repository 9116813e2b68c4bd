"""The records of alerts: what moved in front of a camera, whether its owner was mailed, and what they want."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

MINUTES: Final = (5, 15, 60, 240)
"""An owner chooses one of these: a camera sends no two mails closer together."""


class AlertMail(StrEnum):
    """Of what a camera's owner wants mail; without a word none is sent."""

    OFF = "off"
    PERSONS = "persons"
    MOTION = "motion"


class AlertVerdict(StrEnum):
    """What became of one motion: mailed, or why not."""

    MAIL = "mail"
    MAIL_OFF = "mail_off"
    NO_PERSON = "no_person"
    TOO_SOON = "too_soon"
    SNOOZED = "snoozed"
    LIGHT_CHANGE = "light_change"
    STALE = "stale"
    TIME_UNKNOWN = "time_unknown"
    TOLD_ALREADY = "told_already"


class MailState(StrEnum):
    """Life of an alert's mail; `GIVEN_UP` was not sent because it was no news any more, or not wanted any more."""

    NONE = "none"
    QUEUED = "queued"
    SENT = "sent"
    GIVEN_UP = "given_up"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """What an owner wants of one camera."""

    camera_id: str
    account_id: str
    mail: AlertMail = AlertMail.OFF
    every_minutes: int = 15


@dataclass(frozen=True, slots=True)
class Alert:
    """One motion that its owner may want to see; `at` is the module's time where it is known, else `received_at`."""

    alert_id: str
    account_id: str
    module_id: str
    camera_id: str
    clip_id: str | None
    at: datetime
    received_at: datetime
    person: bool
    verdict: AlertVerdict
    mail_state: MailState
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AlertCount:
    """How often a camera's motion was not mailed for one reason, and when last."""

    camera_id: str
    verdict: AlertVerdict
    account_id: str
    count: int
    newest_at: datetime
