"""Every message reads well in both languages: amounts and dates as people write them, one link, nothing that tracks."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cloud_stub.domain.billing_records import CreditNote, EndedBecause, Interval, MoneyBack, PaymentState, Subscription
from cloud_stub.domain.notice_text import ClipsLeft, NoticeFacts, notice_facts
from cloud_stub.domain.policies import HistoryOnEnd
from cloud_stub.domain.records import Clip, Trial
from cloud_stub.domain.reminders import NoticeDue, NoticeKind
from cloud_stub.domain.situation import Situation
from cloud_stub.flow.notices_to_owner import Letter
from cloud_stub.web.languages import LANGUAGES, Languages
from cloud_stub.web.notice_letter import BODIES, letter_writer
from tests.domain.cloud.situations import (
    CATALOG,
    NOW,
    account,
    camera,
    catalog_with,
    module,
    situation,
    subscription,
    trial,
)
from tests.flow.cloud.house import held_clip

URL = "https://veilleur.example.org"
WRITE = letter_writer(Languages(), URL + "/")
WHEN = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)
DAY = timedelta(days=1)
FULL = NoticeFacts(
    kind=NoticeKind.PLAN_ENDED,
    plan="Plus",
    when=WHEN,
    days_left=3,
    until=WHEN + 7 * DAY,
    amount_minor=1000,
    currency="EUR",
    interval=Interval.MONTH,
    because=EndedBecause.CANCELLED,
    refund_minor=250,
    credit_minor=100,
    cameras=("Front door",),
    uncovered=("Front door", "Garage"),
    clips=ClipsLeft(2, WHEN, WHEN + 3 * DAY),
    erased=4,
    in_store=True,
)


def written(facts: NoticeFacts, locale: str) -> Letter:
    return WRITE(facts, replace(account(), locale=locale))


@pytest.mark.parametrize("locale", list(LANGUAGES))
@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_kind_is_said_in_every_language(kind: NoticeKind, locale: str) -> None:
    said = written(replace(FULL, kind=kind), locale)
    assert said.title
    assert "\n" not in said.title
    assert "%(" not in said.title + said.text
    links = re.findall(r"https?://\S+", said.text)
    assert all(link.startswith(URL + "/") and "?" not in link and "//" not in link[8:] for link in links)
    assert f"{URL}/messages" in links
    assert len(links) > 1, "one to act, and one to all messages"
    other = "en" if locale == "fr" else "fr"
    assert said != written(replace(FULL, kind=kind), other)


def test_every_kind_has_its_words() -> None:
    assert set(BODIES) == set(NoticeKind)


def test_times_are_the_accounts_own_and_money_is_written_as_in_its_language() -> None:
    """22:30 UTC on 31 March is half past midnight on 1 April in Paris."""
    english = written(replace(FULL, kind=NoticeKind.RENEWAL_COMING), "en")
    assert english.title == "Plus renews on April 1, 2026"
    assert "On Apr 1, 2026, 12:30" in english.text
    assert "€10 are taken" in english.text
    french = written(replace(FULL, kind=NoticeKind.RENEWAL_COMING), "fr")
    assert french.title == "Plus se renouvelle le 1 avril 2026"
    assert "10 € seront prélevés" in french.text.replace("\u00a0", " ")


def test_a_mail_about_an_end_says_why_what_comes_back_and_what_becomes_of_the_clips() -> None:
    text = written(FULL, "en").text
    for part in (
        "It was cancelled.",
        "€2.50 come back to your payment method.",
        "€1 are taken off your next invoice.",
        "not saved in the cloud: Front door, Garage",
        "2 recordings are in the cloud: the first leaves on April 1, 2026, the last on April 4, 2026.",
        f"{URL}/clips",
    ):
        assert part in text


def test_an_unknown_language_is_english() -> None:
    assert written(FULL, "xx") == written(FULL, "en")


def test_the_words_of_a_payment_lead_to_where_it_can_be_mended() -> None:
    failed = replace(FULL, kind=NoticeKind.PAYMENT_FAILED)
    assert f"{URL}/store/memberships" in written(failed, "en").text
    assert f"{URL}/plan" in written(replace(failed, in_store=False), "en").text
    assert "April 8, 2026" in written(failed, "en").text, "until when it can be paid"


def facts(
    it: Situation, kind: NoticeKind, subject: str, due_at: datetime, now: datetime, **more: object
) -> NoticeFacts:
    return notice_facts(CATALOG, it, NoticeDue(due_at, kind, subject), now, **more)  # type: ignore[arg-type] # by name


ENDS = NOW + 30 * DAY


def test_r030_the_days_left_are_those_of_the_moment_of_writing() -> None:
    it = situation(camera("c1", "mini"), trials=(trial(),))
    late = facts(it, NoticeKind.TRIAL_DAYS_LEFT, "t1", ENDS - 7 * DAY, ENDS - 5 * DAY + timedelta(hours=1))
    assert (late.days_left, late.when, late.plan) == (5, ENDS, "Plus")
    assert (late.uncovered, late.takes_over) == (("c1",), ())


def test_a_plan_that_waits_takes_over_and_leaves_no_camera_uncovered() -> None:
    waits = replace(subscription("plus", starts_at=ENDS), bought_at=NOW)
    it = situation(camera("c1", "mini"), trials=(trial(),), subscriptions=(waits,))
    its = facts(it, NoticeKind.TRIAL_DAYS_LEFT, "t1", ENDS - 7 * DAY, ENDS - 7 * DAY)
    assert (its.uncovered, its.takes_over) == ((), ("Plus",))


def test_a_camera_with_free_storage_of_its_own_is_not_said_to_lose_the_cloud() -> None:
    it = situation(camera("c1", "mini"), camera("c2", "xt2"), trials=(trial(),))
    assert facts(it, NoticeKind.TRIAL_DAYS_LEFT, "t1", ENDS - DAY, ENDS - DAY).uncovered == ("c1",)


def paid() -> Subscription:
    return replace(subscription("plus"), periods=1, payment=PaymentState.PAID, first_paid_at=NOW)


def note(kind: MoneyBack, amount: int, at: datetime, of: str = "s-plus-None") -> CreditNote:
    return CreditNote(f"{kind}-{at}", "h", None, "blink", of, "i1", kind, "EUR", amount, 0, EndedBecause.CANCELLED, at)


def test_what_comes_back_is_of_this_end_and_this_plan_alone() -> None:
    over = replace(paid(), ended_at=NOW + DAY, ended_because=EndedBecause.CANCELLED)
    at = NOW + DAY
    notes = (
        note(MoneyBack.REFUND, 250, at),
        note(MoneyBack.CREDIT, 40, at),
        note(MoneyBack.REFUND, 999, NOW),
        note(MoneyBack.REFUND, 999, at, "another"),
    )
    its = facts(situation(subscriptions=(over,)), NoticeKind.PLAN_ENDED, over.subscription_id, at, at, notes=notes)
    assert (its.refund_minor, its.credit_minor) == (250, 40)


def clip(number: int, age_days: int, keep_for_days: int = 30) -> Clip:
    return replace(
        held_clip(module(), "c1", f"k{number}", NOW - age_days * DAY, keep_for_days), account_id="account", pool=None
    )


def test_r034_the_end_of_a_trial_says_when_the_first_and_the_last_recording_leave() -> None:
    over = Trial("t1", "account", "plus", NOW - 30 * DAY, NOW, NOW)
    it = situation(camera("c1", "mini"), trials=(over,))
    its = facts(it, NoticeKind.TRIAL_ENDED, "t1", NOW, NOW, clips=(clip(1, 20), clip(2, 5), clip(3, 1)))
    assert its.clips == ClipsLeft(3, NOW + 10 * DAY, NOW + 29 * DAY)


def test_r128_what_the_end_of_a_plan_erases_is_counted_ahead() -> None:
    """Of what is held, those clips that would have stayed; what leaves by then anyway is not counted."""
    trims = catalog_with(history=replace(CATALOG.history, on_end=HistoryOnEnd.TRIM_TO_NEW_LIMIT))
    ends = NOW + 7 * DAY
    ending = replace(paid(), ends_at=ends, ended_because=EndedBecause.CANCELLED)
    it = situation(camera("c1", "mini"), subscriptions=(ending,))
    due = NoticeDue(NOW, NoticeKind.HISTORY_ERASED_SOON, ending.subscription_id)
    clips = (clip(1, 25), clip(2, 10), clip(3, 1))
    assert notice_facts(trims, it, due, NOW, clips).erased == 2
    assert notice_facts(CATALOG, it, due, NOW, clips).erased == 0, "this catalog erases nothing"
