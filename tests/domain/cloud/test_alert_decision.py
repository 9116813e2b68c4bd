"""Whether a motion is mailed: every reason against it, what counts first, and what a module may say."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cloud_stub.domain.alert_decision import NEWS_FOR, SENT_WITHIN, MotionTold, decide, read_motion, still_wanted
from cloud_stub.domain.alert_records import Alert, AlertMail, AlertSettings, AlertVerdict, MailState

NOW = datetime(2026, 3, 1, 0, 10, 1, tzinfo=UTC)
GOLDEN: dict[str, Any] = json.loads((Path(__file__).parents[2] / "contract" / "event_motion_v1.json").read_text())
WANTED = AlertSettings("camera", "account", AlertMail.MOTION, 15)


def told(**differs: object) -> MotionTold:
    read = read_motion(json.dumps({**GOLDEN, "persons": None, **differs}).encode())
    assert read is not None
    return read


def alert(mail_state: MailState, verdict: AlertVerdict = AlertVerdict.MAIL) -> Alert:
    return Alert("alert", "account", "module", "camera", "clip", NOW, NOW, False, verdict, mail_state)


def test_a_camera_without_a_word_of_its_owner_sends_no_mail() -> None:
    assert decide(told(), AlertSettings("camera", "account"), None, None, NOW) is AlertVerdict.MAIL_OFF


@pytest.mark.parametrize(
    ("differs", "verdict"),
    [
        ({"light_change": True, "snoozed_until": "2026-03-01T01:00:00Z"}, AlertVerdict.LIGHT_CHANGE),
        ({"snoozed_until": "2026-03-01T00:10:01Z"}, AlertVerdict.SNOOZED),
        ({"snoozed_until": "2026-03-01T00:09:59Z"}, AlertVerdict.MAIL),
        ({"clock_trusted": False}, AlertVerdict.TIME_UNKNOWN),
        ({"at": "2026-03-01T00:20:00Z"}, AlertVerdict.TIME_UNKNOWN),
        ({"at": "2026-02-28T23:59:59Z"}, AlertVerdict.STALE),
        ({}, AlertVerdict.MAIL),
    ],
)
def test_the_motions_own_reasons_and_its_age_count_before_the_owners_wishes(
    differs: dict[str, object], verdict: AlertVerdict
) -> None:
    assert decide(told(**differs), WANTED, None, None, NOW) is verdict
    if verdict is not AlertVerdict.MAIL:
        off = replace(WANTED, mail=AlertMail.OFF)
        assert decide(told(**differs), off, None, None, NOW) is verdict


def test_a_motion_is_news_for_ten_minutes_to_the_instant() -> None:
    at = told().at
    assert decide(told(), WANTED, None, None, at + NEWS_FOR) is AlertVerdict.MAIL
    assert decide(told(), WANTED, None, None, at + NEWS_FOR + timedelta(microseconds=1)) is AlertVerdict.STALE


def test_who_wants_persons_only_is_mailed_when_one_is_seen() -> None:
    persons = replace(WANTED, mail=AlertMail.PERSONS)
    assert decide(told(persons=[]), persons, None, None, NOW) is AlertVerdict.NO_PERSON
    assert decide(told(persons=GOLDEN["persons"]), persons, None, None, NOW) is AlertVerdict.MAIL
    unsent = alert(MailState.NONE, AlertVerdict.NO_PERSON)
    assert decide(told(phase="person"), persons, unsent, None, NOW) is AlertVerdict.MAIL


@pytest.mark.parametrize("state", [MailState.QUEUED, MailState.SENT, MailState.GIVEN_UP, MailState.REFUSED])
def test_a_person_seen_in_a_motion_that_was_mailed_is_no_second_mail(state: MailState) -> None:
    assert decide(told(phase="person"), WANTED, alert(state), None, NOW) is AlertVerdict.TOLD_ALREADY


def test_a_camera_mails_no_closer_than_its_owner_wants() -> None:
    for before_s, verdict in ((899, AlertVerdict.TOO_SOON), (900, AlertVerdict.MAIL), (-60, AlertVerdict.MAIL)):
        mailed_at = NOW - timedelta(seconds=before_s)
        assert decide(told(), WANTED, None, mailed_at, NOW) is verdict, "a clock that was set back mutes nobody"


def test_a_mail_that_waited_is_sent_only_while_it_is_news_and_wanted() -> None:
    waiting = alert(MailState.QUEUED)
    snoozed = json.dumps({"cameras": {"camera": {"snoozed_until": "2026-03-01T00:30:00Z"}}})
    assert still_wanted(waiting, WANTED, None, NOW) is AlertVerdict.MAIL
    assert still_wanted(waiting, WANTED, snoozed, NOW) is AlertVerdict.SNOOZED
    assert still_wanted(waiting, WANTED, snoozed, NOW + timedelta(minutes=20)) is AlertVerdict.MAIL
    assert still_wanted(waiting, replace(WANTED, mail=AlertMail.OFF), None, NOW) is AlertVerdict.MAIL_OFF
    assert still_wanted(waiting, WANTED, None, NOW + SENT_WITHIN + timedelta(seconds=1)) is AlertVerdict.STALE
    for nonsense in ("{", "[]", '{"cameras": 7}', '{"cameras": {"camera": 7}}', '{"cameras": {"camera": {}}}'):
        assert still_wanted(waiting, WANTED, nonsense, NOW) is AlertVerdict.MAIL


@pytest.mark.parametrize(
    "payload",
    [b"{", b"[]", b'{"phase": "ended"}', *(json.dumps({**GOLDEN, **differs}).encode() for differs in (
        {"phase": "ended"}, {"phase": ["started"]}, {"event_id": "x" * 65}, {"camera_id": 7}, {"at": "soon"},
        {"at": "2026-03-01T00:10:00"}, {"event_id": "a\nb"}))],
)  # fmt: skip
def test_what_says_too_little_is_no_motion(payload: bytes) -> None:
    assert read_motion(payload) is None
