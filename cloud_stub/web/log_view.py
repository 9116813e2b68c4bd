"""The activity log in sentences: what happened to what, and by which rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud_stub.domain.records import LogEntry
from cloud_stub.web.event_words import say_event, say_event_rule
from cloud_stub.web.languages import Language
from cloud_stub.web.overview import Overview
from cloud_stub.web.words import LOGGED, RULE, say_word


@dataclass(frozen=True, slots=True)
class LogLine:
    """One entry in words; `rule` is empty when there is nothing to add."""

    at: datetime
    moment: str
    sentence: str
    rule: str


def log_lines(entries: Sequence[LogEntry], overview: Overview, language: Language) -> tuple[LogLine, ...]:
    """Put entries into words, in the order they come."""
    return tuple(
        LogLine(
            at=entry.at,
            moment=language.moment(entry.at, overview.account.time_zone),
            sentence=_sentence(entry, overview, language),
            rule=_rule(entry, language),
        )
        for entry in entries
    )


def _sentence(entry: LogEntry, overview: Overview, language: Language) -> str:
    name = _subject(entry.subject, overview, language)
    message = LOGGED.get(entry.what)
    if message is None and (told := say_event(language, entry.what, name)) is not None:
        return told
    if message is None:
        return f"{entry.what.replace('_', ' ')}: {name}" if name else entry.what.replace("_", " ")
    return language.say(message, name=name or language.say("something that was removed"))


def _rule(entry: LogEntry, language: Language) -> str:
    told = say_event_rule(language, entry.what, entry.rule)
    return say_word(language, RULE, entry.rule) if told is None else told


def _subject(subject: str, overview: Overview, language: Language) -> str:
    situation = overview.situation
    for module in situation.modules:
        if module.module_id == subject:
            return module.name
    for camera in situation.cameras:
        if camera.camera_id == subject:
            return camera.name
    plans = overview.catalog.plans
    for trial in situation.trials:
        if trial.trial_id == subject and trial.plan in plans:
            return plans[trial.plan].name
    for subscription in situation.subscriptions:
        if subscription.subscription_id == subject and subscription.plan in plans:
            return plans[subscription.plan].name
    if subject.isdecimal():
        return language.say_many("%(count)s day", "%(count)s days", int(subject))
    return ""
