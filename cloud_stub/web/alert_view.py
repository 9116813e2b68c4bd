"""Alerts in words: what moved where and when, whether it was mailed, and why what was not was not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cloud_stub.domain.alert_decision import NEVER_LISTED
from cloud_stub.domain.alert_records import Alert, AlertCount, AlertMail, AlertSettings, AlertVerdict, MailState
from cloud_stub.web.languages import Language
from cloud_stub.web.overview import Overview
from cloud_stub.web.words import N_

MAILED: Final[Mapping[MailState, str]] = {
    MailState.SENT: N_("You were mailed."),
    MailState.QUEUED: N_("A mail is on its way."),
    MailState.REFUSED: N_("The mail was refused."),
}
NOT_MAILED: Final[Mapping[AlertVerdict, str]] = {
    AlertVerdict.MAIL_OFF: N_("Not mailed: you want no mail of this camera."),
    AlertVerdict.NO_PERSON: N_("Not mailed: no person was seen."),
    AlertVerdict.TOO_SOON: N_("Not mailed: there was a mail shortly before."),
    AlertVerdict.STALE: N_("Not mailed: it was no news any more when the cloud could send it."),
    AlertVerdict.TIME_UNKNOWN: N_("Not mailed: the module did not know the time."),
    AlertVerdict.SNOOZED: N_("Not mailed: alerts were snoozed."),
    AlertVerdict.LIGHT_CHANGE: N_("Not mailed: the whole picture changed at once, as when a light goes on."),
}
CHOICES: Final[Mapping[AlertMail, str]] = {
    AlertMail.OFF: N_("No mail"),
    AlertMail.PERSONS: N_("When a person is seen"),
    AlertMail.MOTION: N_("On every motion"),
}
OFTEN: Final[Mapping[int, str]] = {
    5: N_("At most every 5 minutes"),
    15: N_("At most every 15 minutes"),
    60: N_("At most every hour"),
    240: N_("At most every 4 hours"),
}


@dataclass(frozen=True, slots=True)
class AlertCard:
    """One alert; `clip_id` is empty where the cloud has no clip of it that can be watched."""

    clip_id: str
    camera_name: str
    title: str
    at: datetime
    moment: str
    mailed: str
    person: bool


@dataclass(frozen=True, slots=True)
class CameraWish:
    """What an owner wants of one camera."""

    camera_id: str
    name: str
    mail: str
    every_minutes: int


@dataclass(frozen=True, slots=True)
class CountLine:
    """How often one camera's motion was not mailed for one reason."""

    camera_name: str
    reason: str
    times: str


def alert_cards(
    alerts: Sequence[Alert], watchable: Mapping[str, bool], overview: Overview, language: Language
) -> tuple[AlertCard, ...]:
    """Put alerts into words, in their order; what was snoozed since is left out, and what a removed camera saw."""
    zone = overview.account.time_zone
    return tuple(
        AlertCard(
            clip_id=alert.clip_id if alert.clip_id and watchable.get(alert.clip_id) else "",
            camera_name=overview.camera_name(alert.camera_id),
            title=language.say("A person") if alert.person else language.say("Something moved"),
            at=alert.at,
            moment=language.moment(alert.at, zone),
            mailed=language.say(MAILED.get(alert.mail_state) or NOT_MAILED[alert.verdict]),
            person=alert.person,
        )
        for alert in alerts
        if alert.verdict not in NEVER_LISTED and overview.camera_name(alert.camera_id)
    )


def camera_wishes(found: Sequence[AlertSettings], overview: Overview) -> tuple[CameraWish, ...]:
    """Return what is wanted of each camera of the account; a camera without a word sends no mail."""
    known = {settings.camera_id: settings for settings in found}
    account_id = overview.account.account_id
    wishes = []
    for camera in overview.situation.cameras:
        its = known.get(camera.camera_id) or AlertSettings(camera.camera_id, account_id)
        wishes.append(CameraWish(camera.camera_id, camera.name, its.mail.value, its.every_minutes))
    return tuple(wishes)


def count_lines(counts: Sequence[AlertCount], overview: Overview, language: Language) -> tuple[CountLine, ...]:
    """Return the counters in words, without those of removed cameras."""
    return tuple(
        CountLine(
            overview.camera_name(each.camera_id),
            language.say(NOT_MAILED[each.verdict]),
            language.say_many(
                "%(count)s time, last on %(when)s",
                "%(count)s times, last on %(when)s",
                each.count,
                when=language.moment(each.newest_at, overview.account.time_zone),
            ),
        )
        for each in counts
        if each.verdict in NOT_MAILED and overview.camera_name(each.camera_id)
    )
