"""The pool never holds more than its limit; a clip leaves at its due instant and not before."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_stub.domain.quota import evict_for
from cloud_stub.domain.records import Clip, ClipPhase
from cloud_stub.domain.retention import (
    DISPOSITIONS,
    GoneBecause,
    due_at,
    due_clips,
    marked,
    next_due,
    retained_from,
    rule_of,
    tombstone,
)
from tests.domain.cloud_media.clips import START, a_clip

LIMIT_MS = 7_200_000
clips = st.lists(st.tuples(st.integers(0, 90_000), st.integers(0, 10_000)), max_size=30)


@given(clips, st.integers(0, 8_000_000), st.integers(0, 10_000), st.integers(0, 200_000))
def test_after_any_arrival_the_pool_fits_and_only_the_oldest_have_left(
    arrivals: list[tuple[int, int]], duration_ms: int, minute: int, limit_ms: int
) -> None:
    held: list[Clip] = []
    for number, (length, at) in enumerate(arrivals):
        held = _after(held, a_clip(number, duration_ms=length, start=START + timedelta(minutes=at)), limit_ms)
        assert sum(clip.duration_ms for clip in held) <= limit_ms
    new = a_clip(9999, duration_ms=duration_ms, start=START + timedelta(minutes=minute))
    eviction = evict_for(held, new, limit_ms)
    staying = [clip for clip in held if clip not in eviction.evicted]
    assert all(gone.retained_from <= kept.retained_from for gone in eviction.evicted for kept in staying)
    assert all(gone.retained_from <= new.retained_from for gone in eviction.evicted)
    if eviction.evicted:
        left_but_one = sum(clip.duration_ms for clip in held) - sum(c.duration_ms for c in eviction.evicted[:-1])
        assert left_but_one + duration_ms > limit_ms, "nothing leaves that need not"


def _after(held: list[Clip], new: Clip, limit_ms: int) -> list[Clip]:
    eviction = evict_for(held, new, limit_ms)
    left = [clip for clip in held if clip not in eviction.evicted]
    return [*left, new] if eviction.fits else left


def test_r074_a_20_s_clip_into_7190_s_lets_just_enough_of_the_oldest_go() -> None:
    held = [a_clip(n, duration_ms=10_000, start=START + timedelta(minutes=n)) for n in range(719)]
    new = a_clip(9999, duration_ms=20_000, start=START + timedelta(days=1))
    assert [clip.clip_id for clip in evict_for(held, new, LIMIT_MS).evicted] == ["0000"]


def test_a_clip_longer_than_its_pool_displaces_nothing_and_does_not_stay() -> None:
    eviction = evict_for([a_clip(1)], a_clip(2, duration_ms=LIMIT_MS + 1, start=START + timedelta(1)), LIMIT_MS)
    assert (eviction.evicted, eviction.fits) == ((), False)


def test_the_beginning_of_the_same_clip_is_not_counted_twice() -> None:
    assert evict_for([a_clip(1, duration_ms=900)], a_clip(1, duration_ms=1000), 1000).fits


def test_of_clips_of_one_instant_the_newcomer_stays() -> None:
    assert evict_for([a_clip(1)], a_clip(2), 1000).evicted == (a_clip(1),)


@pytest.mark.parametrize(
    ("keep", "setting", "days", "rule"),
    [
        (30, 7, 7, GoneBecause.AUTO_DELETE),
        (30, 30, 30, GoneBecause.AUTO_DELETE),
        (30, 60, 30, GoneBecause.WINDOW_OVER),
        (None, 30, 30, GoneBecause.AUTO_DELETE),
    ],
)
def test_r084_the_shorter_of_setting_and_window_ends_a_clip(
    keep: int | None, setting: int, days: int, rule: GoneBecause
) -> None:
    due = START + timedelta(hours=24 * days)
    assert due_at(START, keep, setting) == due
    assert rule_of(keep, setting) is rule
    clip = a_clip(1, keep_for_days=keep)
    assert due_clips([clip], setting, due - timedelta(microseconds=1)) == ()
    assert due_clips([clip], setting, due) == (clip,)


@given(
    st.lists(st.tuples(st.integers(0, 5000), st.sampled_from([None, 1, 2, 30, 60])), max_size=20),
    st.integers(1, 60),
    st.integers(0, 200_000),
)
def test_sweeping_at_each_next_due_is_sweeping_once_at_the_end(
    arrivals: list[tuple[int, int | None]], setting: int, minutes: int
) -> None:
    held = [
        a_clip(number, start=START + timedelta(minutes=at), keep_for_days=keep)
        for number, (at, keep) in enumerate(arrivals)
    ]
    end = START + timedelta(minutes=minutes)
    gone: list[Clip] = []
    left = list(held)
    while (due := next_due([(clip.keep_for_days, clip.retained_from) for clip in left], setting)) and due <= end:
        now = due_clips(left, setting, due)
        assert now, "what is announced is there"
        gone += now
        left = [clip for clip in left if clip not in now]
    assert tuple(gone) == due_clips(held, setting, end)


@pytest.mark.parametrize(
    ("captured_at", "trusted", "counts"),
    [
        (START - timedelta(hours=1), True, START - timedelta(hours=1)),
        (START, True, START),
        (START + timedelta(seconds=1), True, START),
        (START - timedelta(hours=1), False, START),
        (datetime.fromtimestamp(0, tz=START.tzinfo), False, START),
    ],
)
def test_retention_counts_from_a_capture_that_can_be_true_else_from_the_arrival(
    captured_at: datetime, trusted: bool, counts: datetime
) -> None:
    assert retained_from(captured_at, START, clock_trusted=trusted) == counts


@pytest.mark.parametrize("because", GoneBecause)
def test_a_tombstone_keeps_size_hash_rule_and_what_the_module_is_told(because: GoneBecause) -> None:
    clip = a_clip(1)
    stone = tombstone(marked(clip, because), START)
    assert (stone.phase, stone.gone_at, stone.gone_because) == (ClipPhase.GONE, START, because)
    assert (stone.sha256, stone.size_bytes, stone.disposition) == ("0", 1, DISPOSITIONS.get(because))
