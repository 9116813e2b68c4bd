"""The lease: its golden document, its numbers and its life."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cloud_stub.domain.entitlement import rights
from cloud_stub.domain.lease import (
    GRACE,
    LIFE,
    clock_document,
    fingerprint,
    lease_claims,
    lease_due_at,
    lease_term,
    next_seq,
    past_half,
    timed_claims,
    wire_time,
)
from cloud_stub.domain.records import Account, Camera, IssuedLease, Module, Trial
from cloud_stub.domain.situation import Situation
from tests.domain.cloud.situations import CATALOG, NOW, camera, catalog_with, situation, subscription, trial

CONTRACT = Path(__file__).parents[2] / "contract"
GOLDEN: dict[str, Any] = json.loads((CONTRACT / "lease_v1.json").read_text(encoding="utf-8"))["claims"]
TIMES = st.integers(1_577_836_800_000, 2_208_988_800_000).map(lambda ms: datetime.fromtimestamp(ms / 1000, UTC))


def golden_situation() -> Situation:
    """Build a trial of a plan for one camera, a legacy camera beside it, and a camera that only has the drive."""
    account_id, module_id = GOLDEN["account_id"], GOLDEN["aud"]
    account = Account(account_id, "o@example.org", "", "blink", "FR", date(2024, 1, 1), "Europe/Paris", None, "fr")
    garage = Module(module_id, account_id, "Garage", "sync_module_2", "", NOW, None, True, 1, None, None)
    cameras = tuple(
        Camera(camera_id, module_id, account_id, model, model, model, NOW + timedelta(seconds=n), "emulated", NOW)
        for n, (camera_id, model) in enumerate((key, its["model"]) for key, its in GOLDEN["cameras"].items())
    )
    trial_id = "77aa0000-0000-4000-8000-000000000001"
    return Situation(
        account, (garage,), cameras, (Trial(trial_id, account_id, "plus", NOW, NOW + timedelta(days=30), None),), ()
    )


def test_the_golden_lease_comes_out_of_the_engine() -> None:
    one = replace(CATALOG.plans["plus"], cameras_max=1)
    catalog = catalog_with(plans={**CATALOG.plans, "plus": one})
    it = golden_situation()
    used = {f"{GOLDEN['account_id']}/{GOLDEN['aud']}": 120_000}
    claims = lease_claims(catalog, it.account, it.modules[0], rights(catalog, it, NOW), used)
    term = lease_term(catalog, it, NOW)
    assert timed_claims(claims, term, GOLDEN["jti"], next_seq(None, NOW)) == GOLDEN


def test_the_golden_clock_document_is_what_is_sent() -> None:
    golden = json.loads((CONTRACT / "clock_v1.json").read_text(encoding="utf-8"))
    sent = json.loads(
        clock_document(datetime(2026, 4, 1, tzinfo=UTC), frozen=False, lease_seq=golden["lease_seq"], real_at=NOW)
    )
    assert sent == {**golden, "real_at": "2026-03-01T00:00:00.000Z"}


@given(last=st.none() | st.integers(1, 2**52), real=TIMES)
def test_seq_always_rises_and_never_lags_behind_real_time(last: int | None, real: datetime) -> None:
    seq = next_seq(last, real)
    assert last is None or seq > last
    assert seq >= int(real.timestamp() * 1000)


@given(now=TIMES, ends_in_h=st.integers(1, 60 * 24))
def test_grace_is_seven_days_but_reaches_no_further_than_a_known_end(now: datetime, ends_in_h: int) -> None:
    ends_at = now.replace(microsecond=0) + timedelta(hours=ends_in_h)
    its_trial = trial(ends_at - timedelta(days=30)) if ends_in_h <= 720 else None
    it = situation(camera("c1", "mini"), trials=(its_trial,) if its_trial else ())
    term = lease_term(CATALOG, it, now)
    assert term.expires_at == now.replace(microsecond=0) + LIFE
    assert term.expires_at <= term.grace_until <= term.expires_at + GRACE
    if its_trial is None or ends_at > term.expires_at + GRACE:
        assert term.grace_until == term.expires_at + GRACE
    else:
        assert term.grace_until == max(term.expires_at, ends_at)


def test_a_plan_that_follows_the_trial_leaves_the_grace_whole() -> None:
    ending = trial(NOW - timedelta(days=29))
    it = situation(
        camera("c1", "mini"), trials=(ending,), subscriptions=(subscription("plus", starts_at=ending.ends_at),)
    )
    assert lease_term(CATALOG, it, NOW).grace_until == NOW + LIFE + GRACE


def test_the_fingerprint_is_what_a_lease_says_not_when_nor_how_full_a_pool_is() -> None:
    it = situation(camera("c1", "xt2"))
    every = rights(CATALOG, it, NOW)
    said = lease_claims(CATALOG, it.account, it.modules[0], every, {})
    fuller = lease_claims(CATALOG, it.account, it.modules[0], every, {"account/module": 7_199_000})
    term = lease_term(CATALOG, it, NOW)
    assert said != fuller
    assert fingerprint(said) == fingerprint(fuller) == fingerprint(timed_claims(fuller, term, "jti", 7))
    covered = situation(camera("c1", "xt2"), trials=(trial(),))
    other = lease_claims(CATALOG, it.account, it.modules[0], rights(CATALOG, covered, NOW), {})
    assert fingerprint(other) != fingerprint(said)


def test_a_lease_is_due_at_half_its_life_or_at_a_known_change_before() -> None:
    lease = issued(NOW)
    hour = timedelta(hours=1)
    assert lease_due_at(lease, ()) == NOW + timedelta(hours=12)
    assert lease_due_at(lease, (NOW - hour, NOW, NOW + hour, NOW + 2 * hour)) == NOW + hour
    assert lease_due_at(lease, (NOW + timedelta(hours=13),)) == NOW + timedelta(hours=12)


def test_half_life_is_exact_and_a_lease_from_the_future_is_renewed() -> None:
    half = timedelta(hours=12)
    assert [past_half(issued(NOW), NOW + half - timedelta(milliseconds=1)), past_half(issued(NOW), NOW + half)] == [
        False,
        True,
    ]
    assert past_half(issued(NOW), NOW - timedelta(seconds=1))


def test_times_on_the_wire_are_utc_with_milliseconds() -> None:
    assert wire_time(datetime(2026, 3, 1, 1, 2, 3, 456789, tzinfo=UTC)) == "2026-03-01T01:02:03.456Z"


def issued(at: datetime) -> IssuedLease:
    return IssuedLease("module", 1, at, at + LIFE, at + LIFE + GRACE, "print", "{}", "token")
