"""Pools in days, doomed clips, and the lives of links: pure rules over a few records."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.clip_file_name import clip_file_name
from cloud_stub.domain.doomed import doomed_clips
from cloud_stub.domain.policies import HistoryOnEnd
from cloud_stub.domain.quota_words import DAY_MS, LOOKS_AHEAD, PoolUse, pool_forecast
from cloud_stub.domain.records import ClipPhase, ShareLink
from cloud_stub.domain.retention import clip_due_at
from cloud_stub.domain.share import ShareState, share_ends_at, share_state
from tests.domain.cloud.situations import CATALOG, NOW, camera, situation, subscription
from tests.domain.cloud_media.clips import a_clip

LIMIT = 7_200_000
WITH_PLAN = situation(camera("c", "mini"), subscriptions=(subscription("plus"),))
WITHOUT = situation(camera("c", "mini"))
LINK = ShareLink("hash", "a", "c", NOW, NOW + timedelta(hours=5))


def test_a_pool_that_took_800_s_a_day_for_nine_days_holds_nine_days() -> None:
    use = PoolUse(LIMIT, 7_000_000, 7_200_000, NOW - timedelta(days=9), a_clip(1))
    forecast = pool_forecast(use, NOW)
    assert forecast.days == pytest.approx(9.0)
    assert forecast.full_at == NOW + timedelta(days=0.25)
    assert forecast.next_evicted == a_clip(1)


def test_what_left_meanwhile_belongs_to_the_rate() -> None:
    """R074: a pool that evicts every day is full, and its rate is that of what came in, not of what is held."""
    use = PoolUse(LIMIT, LIMIT, 14 * 3_600_000, NOW - timedelta(days=14), a_clip(1))
    assert pool_forecast(use, NOW).days == pytest.approx(2.0)
    assert pool_forecast(use, NOW).full_at == NOW


def test_a_pool_nothing_came_into_promises_nothing() -> None:
    forecast = pool_forecast(PoolUse(LIMIT, 0, 0, None, None), NOW)
    assert (forecast.days, forecast.full_at, forecast.next_evicted) == (None, None, None)


@given(
    used=st.integers(0, LIMIT),
    recorded=st.integers(1, 14 * DAY_MS),
    age=st.timedeltas(timedelta(0), timedelta(days=14)),
)
def test_a_forecast_is_never_negative_and_never_in_the_past(used: int, recorded: int, age: timedelta) -> None:
    forecast = pool_forecast(PoolUse(LIMIT, used, recorded, NOW - age, None), NOW)
    assert forecast.days is not None
    assert forecast.days > 0
    assert forecast.full_at is None or NOW <= forecast.full_at <= NOW + LOOKS_AHEAD


def test_a_pool_that_is_full_in_more_than_a_year_has_no_day() -> None:
    """A second in two weeks fills 7,200 s in 276 years; the whole pool in two weeks is full by its day."""
    slow = pool_forecast(PoolUse(LIMIT, 0, 1000, NOW - timedelta(days=14), None), NOW)
    assert slow.days == pytest.approx(14 * 7200)
    assert slow.full_at is None
    assert pool_forecast(PoolUse(LIMIT, 0, 1, NOW - timedelta(days=14), None), NOW).full_at is None
    assert pool_forecast(PoolUse(LIMIT, 0, LIMIT, NOW - timedelta(days=14), None), NOW).full_at == NOW + timedelta(14)


def trimming() -> Catalog:
    return replace(CATALOG, history=replace(CATALOG.history, on_end=HistoryOnEnd.TRIM_TO_NEW_LIMIT))


def test_an_end_that_trims_dooms_what_is_beyond_the_new_limit_also_while_its_copy_is_waited_for() -> None:
    """R128."""
    clip = replace(a_clip(1, start=NOW - timedelta(days=5), keep_for_days=30), pool=None)
    (doomed,) = doomed_clips(trimming(), WITH_PLAN, WITHOUT, [clip], 30, NOW)
    assert doomed == replace(clip, keep_for_days=0)
    asked = replace(clip, kept_until=NOW + timedelta(hours=24))
    assert doomed_clips(trimming(), WITH_PLAN, WITHOUT, [asked], 30, NOW) == (replace(asked, keep_for_days=0),)


def test_a_clip_that_goes_anyway_is_not_doomed_by_the_end() -> None:
    clip = replace(a_clip(1, start=NOW - timedelta(days=31), keep_for_days=60), pool=None)
    assert doomed_clips(trimming(), WITH_PLAN, WITHOUT, [clip], 30, NOW) == ()


def test_an_end_that_keeps_history_dooms_nothing_and_a_pool_is_never_trimmed() -> None:
    """R086, C04."""
    clip = replace(a_clip(1, start=NOW, keep_for_days=30), pool=None)
    assert doomed_clips(CATALOG, WITH_PLAN, WITHOUT, [clip], 30, NOW) == ()
    assert doomed_clips(trimming(), WITH_PLAN, WITHOUT, [a_clip(2, start=NOW)], 30, NOW) == ()


@pytest.mark.parametrize(
    ("link", "phase", "hours", "state"),
    [
        (LINK, ClipPhase.HELD, 0, ShareState.OPEN),
        (LINK, ClipPhase.HELD, 5, ShareState.EXPIRED),
        (replace(LINK, revoked_at=NOW), ClipPhase.HELD, 0, ShareState.REVOKED),
        (replace(LINK, revoked_at=NOW), ClipPhase.DELETING, 9, ShareState.CLIP_DELETED),
        (LINK, ClipPhase.GONE, 0, ShareState.CLIP_DELETED),
    ],
)
def test_what_ends_a_link_first(link: ShareLink, phase: ClipPhase, hours: int, state: ShareState) -> None:
    """R097."""
    clip = replace(a_clip(1), phase=phase)
    assert share_state(link, clip, NOW + timedelta(hours=hours)) is state
    assert share_state(link, None, NOW) is ShareState.CLIP_DELETED


def test_a_link_ends_with_its_clip_if_that_leaves_first() -> None:
    assert share_ends_at(48, NOW + timedelta(hours=3), NOW) == NOW + timedelta(hours=3)
    assert share_ends_at(2, NOW + timedelta(hours=3), NOW) == NOW + timedelta(hours=2)


def test_an_erasure_that_is_put_off_waits_and_no_longer() -> None:
    clip = a_clip(1, start=NOW - timedelta(days=40), keep_for_days=30)
    assert clip_due_at(clip, 30) == NOW - timedelta(days=10)
    assert clip_due_at(replace(clip, kept_until=NOW + timedelta(hours=24)), 30) == NOW + timedelta(hours=24)
    assert clip_due_at(replace(clip, kept_until=NOW - timedelta(days=20)), 30) == NOW - timedelta(days=10)


@given(st.text(max_size=200))
def test_a_file_name_has_nothing_that_a_file_system_or_a_header_takes_amiss(name: str) -> None:
    made = clip_file_name(a_clip(1), name)
    assert not set(made) & set('/\\:*?"<>|\r\n\0')
    assert made.endswith("2026-03-01_00-00-00Z_0001.mp4")
    assert not made.startswith(".")
