"""Which clips the cloud owes to their owner (DESIGN §5): the lease they name, its life and grace, the window."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_stub.domain.byte_range import ByteRange, UnsatisfiableRangeError, read_range
from cloud_stub.domain.clip_acceptance import (
    SENTENCES,
    Acceptance,
    Arrival,
    CameraLease,
    LeaseTerms,
    accept,
    longest_clip_ms,
)
from cloud_stub.domain.clip_metadata import ClipMetadata, read_clip_metadata
from tests.domain.cloud_media.clips import START

GOLDEN = json.loads((Path(__file__).parents[2] / "contract" / "upload_metadata_v1.json").read_text())
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CLOUD = CameraLease("cloud", "trial", "g", frozenset({"live_view_recording"}), 30, None, 0)
QUOTA = CameraLease("quota", "legacy_model", "g", frozenset({"live_view_recording", "photo_capture"}), None, "p", 1)
LOCAL = CameraLease("local", "local_storage", "", frozenset(), None, None, 0)
PHOTOS = replace(CLOUD, features=frozenset({"photo_capture"}))
CAMERA = GOLDEN["camera_id"]
BASE = read_clip_metadata({key: value.encode() for key, value in GOLDEN.items()})


def terms(camera: CameraLease | None = CLOUD, issued_at: datetime = START, grace_days: int = 8) -> LeaseTerms:
    return LeaseTerms(
        "a",
        issued_at,
        issued_at + grace_days * DAY,
        60_000,
        {CAMERA: camera} if camera else {},
    )


def clip(start: datetime = START + HOUR, **changes: object) -> ClipMetadata:
    return replace(BASE, captured_at=start, **changes)  # type: ignore[arg-type] # a table of changes


def decided(
    said: ClipMetadata,
    lease: LeaseTerms | None,
    *,
    after: timedelta = 2 * HOUR,
    account: str = "a",
    days: int = 30,
    earlier: LeaseTerms | None = None,
) -> Acceptance:
    return accept(said, lease, Arrival(account, START + after, days, earlier))


PHOTO: dict[str, Any] = {"kind": "photo", "clip_reason": "photos", "filetype": "image/jpeg"}
LIVE: dict[str, Any] = {"clip_reason": "live_view"}
SEGMENT: dict[str, Any] = {"clip_reason": "continuous"}
CONTINUOUS = replace(CLOUD, features=frozenset({"continuous_recording"}))


@pytest.mark.parametrize(
    ("said", "lease", "kwargs", "reason"),
    [
        (clip(), None, {}, Acceptance.LEASE_UNKNOWN),
        (clip(), terms(), {"account": "b"}, Acceptance.OTHER_ACCOUNT),
        (clip(), terms(None), {}, Acceptance.CAMERA_UNKNOWN),
        (clip(), terms(LOCAL), {}, Acceptance.NOT_ENTITLED),
        (clip(**PHOTO), terms(CLOUD), {}, Acceptance.FEATURE_MISSING),
        (clip(**PHOTO), terms(QUOTA), {}, Acceptance.NOT_ENTITLED),
        (clip(**LIVE), terms(QUOTA), {}, Acceptance.NOT_ENTITLED),
        (clip(**LIVE), terms(PHOTOS), {}, Acceptance.FEATURE_MISSING),
        (clip(**SEGMENT), terms(CLOUD), {}, Acceptance.FEATURE_MISSING),
        (clip(**SEGMENT), terms(replace(CONTINUOUS, kind="quota")), {}, Acceptance.NOT_ENTITLED),
        (clip(**SEGMENT), terms(CONTINUOUS), {}, Acceptance.ACCEPTED),
        (clip(START + 8 * DAY + HOUR), terms(), {"after": 9 * DAY}, Acceptance.GRACE_OVER),
        (clip(START - HOUR), terms(), {"earlier": terms(LOCAL, START - DAY)}, Acceptance.BEFORE_LEASE),
        (clip(), terms(), {"after": 31 * DAY}, Acceptance.WINDOW_OVER),
        (clip(), terms(), {"after": 8 * DAY, "days": 7}, Acceptance.WINDOW_OVER),
        (clip(), terms(QUOTA), {"after": 31 * DAY}, Acceptance.WINDOW_OVER),
        (clip(clock_trusted=False), terms(), {"after": 9 * DAY}, Acceptance.GRACE_OVER),
        # and what is owed
        (clip(), terms(), {}, Acceptance.ACCEPTED),
        (clip(), terms(QUOTA), {}, Acceptance.ACCEPTED),
        (clip(**PHOTO), terms(PHOTOS), {}, Acceptance.ACCEPTED),
        (clip(**LIVE), terms(CLOUD), {}, Acceptance.ACCEPTED),
        (clip(START + 8 * DAY), terms(), {"after": 20 * DAY}, Acceptance.ACCEPTED),
        (clip(START - timedelta(seconds=10)), terms(), {"earlier": terms(LOCAL, START - DAY)}, Acceptance.ACCEPTED),
        (clip(START - HOUR), terms(), {}, Acceptance.ACCEPTED),
        (clip(START - HOUR), terms(), {"earlier": terms(LOCAL, START - 10 * DAY)}, Acceptance.ACCEPTED),
        (clip(START - HOUR), terms(), {"earlier": terms(CLOUD, START - DAY)}, Acceptance.ACCEPTED),
        (clip(datetime.fromtimestamp(0, tz=START.tzinfo), clock_trusted=False), terms(), {}, Acceptance.ACCEPTED),
        (clip(START + 400 * DAY), terms(), {}, Acceptance.ACCEPTED),
    ],
)
def test_a_clip_is_taken_or_refused_for_one_named_reason(
    said: ClipMetadata, lease: LeaseTerms | None, kwargs: dict[str, object], reason: Acceptance
) -> None:
    assert decided(said, lease, **kwargs) is reason  # type: ignore[arg-type] # a table of arguments


def test_every_refusal_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Acceptance) - {Acceptance.ACCEPTED}


def test_the_golden_metadata_is_read() -> None:
    assert (BASE.clip_id, BASE.kind, BASE.lease_seq, BASE.clock_trusted) == (
        GOLDEN["clip_id"],
        "clip",
        1772323200000,
        True,
    )


def test_a_clip_may_last_as_long_as_its_lease_says_and_the_pre_roll_more() -> None:
    assert longest_clip_ms(terms()) == 75_000


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-", ByteRange(0, 100)),
        ("bytes=10-19", ByteRange(10, 20)),
        ("bytes=90-500", ByteRange(90, 100)),
        ("bytes=-10", ByteRange(90, 100)),
        ("bytes=-500", ByteRange(0, 100)),
        ("bytes=20-10", None),
        ("bytes=-", None),
        ("bytes=1-2,4-5", None),
        ("lines=1-2", None),
    ],
)
def test_a_range_is_one_range_of_bytes_or_none(header: str | None, expected: ByteRange | None) -> None:
    assert read_range(header, 100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=200-300", "bytes=-0"])
def test_a_range_behind_the_end_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        read_range(header, 100)


@given(st.text(max_size=30), st.integers(0, 1000))
def test_any_range_header_stays_inside(header: str, size: int) -> None:
    try:
        found = read_range("bytes=" + header, size)
    except UnsatisfiableRangeError:
        return
    assert found is None or 0 <= found.start < found.end <= size
