"""History when rights shrink: left alone, or trimmed to the new limit (R086, R119, R128, R129, C04, C05, C15)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.entitlement import rights
from cloud_stub.domain.history import trimmed_windows
from cloud_stub.domain.policies import HistoryOnEnd
from cloud_stub.domain.records import Clip, ClipPhase, Disposition
from cloud_stub.domain.retention import due_clips
from cloud_stub.domain.situation import Situation
from tests.domain.cloud.situations import CATALOG, CATALOGS, NOW, camera, situation, subscription, trial

KASA = CATALOGS.in_force("kasa_care", NOW)
DAY = timedelta(days=1)


def clip(age_days: int, keep_for_days: int | None = 30, camera_id: str = "c1", pool: str | None = None) -> Clip:
    at = NOW - age_days * DAY
    return Clip(
        clip_id=f"{camera_id}-{age_days}-{pool}",
        module_id="module",
        account_id="account",
        camera_id=camera_id,
        kind="clip",
        clip_reason="motion",
        sink="cloud",
        why="plan",
        grant="plan:s",
        lease_seq=1,
        pool=pool,
        keep_for_days=keep_for_days,
        captured_at=at,
        clock_trusted=True,
        received_at=at,
        retained_from=at,
        phase=ClipPhase.HELD,
        disposition=Disposition.HELD,
        duration_ms=10_000,
        size_bytes=1,
        sha256=None,
        gone_at=None,
        gone_because=None,
    )


def home(*plans: tuple[str, str]) -> Situation:
    cameras = (camera("c1", "kc105"), camera("c2", "kc105"))
    own = tuple(replace(subscription(plan, name), vendor="kasa_care") for plan, name in plans)
    return situation(*cameras, region="US", subscriptions=own)


def trimmed(catalog: Catalog, before: Situation, after: Situation, *clips: Clip) -> dict[str, int | None]:
    found = trimmed_windows(catalog, rights(catalog, before, NOW), rights(catalog, after, NOW), clips)
    return {each.clip_id: each.keep_for_days for each in found}


def keeping(days: int | None) -> Catalog:
    return replace(KASA, history=replace(KASA.history, keep_days_after_end=days))


CLIPS = (clip(1), clip(3), clip(20), clip(20, camera_id="c2"))


def test_r128_a_lower_plan_trims_the_history_of_its_camera_to_its_window() -> None:
    before, after = home(("premium", "c1"), ("premium", "c2")), home(("plus", "c1"), ("premium", "c2"))
    assert trimmed(KASA, before, after, *CLIPS) == {"c1-1-None": 14, "c1-3-None": 14, "c1-20-None": 14}


def test_r128_without_a_plan_the_free_window_is_the_limit_and_what_is_beyond_is_due_at_once() -> None:
    before, after = home(("premium", "c1")), home()
    found = trimmed_windows(KASA, rights(KASA, before, NOW), rights(KASA, after, NOW), CLIPS)
    assert [(each.clip_id, each.keep_for_days) for each in found] == [(each.clip_id, 2) for each in CLIPS[:3]]
    assert {each.clip_id for each in due_clips(found, 30, NOW)} == {"c1-3-None", "c1-20-None"}


@pytest.mark.parametrize(("days", "kept"), [(None, 2), (1, 2), (7, 7), (30, 30)])
def test_r129_an_operator_may_keep_clips_longer(days: int | None, kept: int) -> None:
    found = trimmed(keeping(days), home(("premium", "c1")), home(), clip(20))
    assert found == ({} if kept == 30 else {"c1-20-None": kept})


def test_a_camera_that_is_left_without_any_window_keeps_nothing() -> None:
    bare = replace(KASA, floor_plan=None)
    assert trimmed(bare, home(("plus", "c1")), home(), clip(1, 14)) == {"c1-1-None": 0}


def test_c04_clips_of_a_pool_and_cameras_that_lose_nothing_are_left_alone() -> None:
    assert (
        trimmed(
            KASA, home(("premium", "c1")), home(), clip(20, None, pool="p"), clip(9, 30, pool="p"), clip(20, 5, "c2")
        )
        == {}
    )
    assert trimmed(KASA, home(("plus", "c1")), home(("premium", "c1")), *CLIPS) == {}


def test_a_clip_that_was_to_stay_shorter_is_not_kept_longer() -> None:
    assert trimmed(KASA, home(("premium", "c1")), home(("plus", "c1")), clip(1, 2)) == {}


def test_r086_r119_where_history_stays_no_clip_is_touched() -> None:
    covered = situation(camera("c1", "mini"), trials=(trial(),), subscriptions=(subscription("plus"),))
    assert trimmed(CATALOG, covered, situation(camera("c1", "mini")), *CLIPS) == {}


STATES = st.lists(
    st.tuples(st.sampled_from(["plus", "premium"]), st.sampled_from(["c1", "c2"])), max_size=2, unique=True
)


@given(before=STATES, after=STATES, days=st.none() | st.integers(1, 40), on_end=st.sampled_from(HistoryOnEnd))
def test_no_clip_beyond_the_new_limit_stays_and_none_within_it_goes(
    before: list[tuple[str, str]], after: list[tuple[str, str]], days: int | None, on_end: HistoryOnEnd
) -> None:
    catalog = replace(KASA, history=replace(KASA.history, on_end=on_end, keep_days_after_end=days))
    windows = [
        {its.camera.camera_id: its.storage.keep_for_days or 0 for its in rights(catalog, home(*each), NOW)}
        for each in (before, after)
    ]
    found = trimmed(catalog, home(*before), home(*after), *CLIPS)
    for each in CLIPS:
        was, now = (window[each.camera_id] for window in windows)
        limit = max(now, days or 0)
        shrinks = on_end is HistoryOnEnd.TRIM_TO_NEW_LIMIT and now < was and limit < 30
        assert found.get(each.clip_id, 30) == (limit if shrinks else 30)
