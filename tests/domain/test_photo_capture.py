"""The decision of Photo Capture as a table: what the lease has against it first, then how the period was."""

import pytest

from agent.domain.lease import Cover, StorageKind
from agent.domain.photo_capture import SENTENCES, PhotoPeriod, PhotoReason, lease_reason, period_reason
from tests.flow.test_clock_to_photo import CAMERA, lease
from tests.manual_clock import ManualClock

LEASE_REASONS = set(PhotoReason) - {PhotoReason.DUE, PhotoReason.DISARMED, PhotoReason.SWITCH_OFF, PhotoReason.EVENT}


@pytest.mark.parametrize(
    ("feature", "kind", "why", "expected"),
    [
        (False, StorageKind.NONE, Cover.NOT_ENTITLED, PhotoReason.NOT_ENTITLED),
        (False, StorageKind.CLOUD, Cover.FREE_TIER, PhotoReason.NOT_ENTITLED),
        (False, StorageKind.QUOTA, Cover.LEGACY_MODEL, PhotoReason.NOT_ENTITLED),
        (False, StorageKind.NONE, Cover.MODEL_NOT_ELIGIBLE, PhotoReason.MODEL_NOT_ELIGIBLE),
        (False, StorageKind.CLOUD, Cover.PLAN, PhotoReason.MODEL_NOT_ELIGIBLE),
        (False, StorageKind.CLOUD, Cover.TRIAL, PhotoReason.MODEL_NOT_ELIGIBLE),
        (False, StorageKind.NONE, Cover.CAMERA_NOT_CONFIRMED, PhotoReason.CAMERA_NOT_CONFIRMED),
        (False, StorageKind.LOCAL, Cover.LOCAL_STORAGE, PhotoReason.LOCAL_STORAGE),
        (True, StorageKind.LOCAL, Cover.LOCAL_STORAGE, PhotoReason.LOCAL_STORAGE),
        (True, StorageKind.QUOTA, Cover.LEGACY_ACCOUNT, PhotoReason.NOT_ENTITLED),
        (True, StorageKind.CLOUD, Cover.TRIAL, PhotoReason.DUE),
        (True, StorageKind.CLOUD, Cover.PLAN, PhotoReason.DUE),
    ],
)
def test_the_lease_allows_photos_or_names_what_fails(
    *, feature: bool, kind: StorageKind, why: Cover, expected: PhotoReason
) -> None:
    words = ("photo_capture",) if feature else ("video_history",)
    now_s = ManualClock().now().timestamp()
    assert lease_reason(lease(*words, kind=kind, why=why), CAMERA, now_s) is expected


def test_a_camera_with_the_continuous_service_alone_lacks_the_plan_and_not_the_model() -> None:
    now_s = ManualClock().now().timestamp()
    assert lease_reason(lease("continuous_recording"), CAMERA, now_s) is PhotoReason.NOT_ENTITLED


def test_without_a_lease_in_force_or_a_camera_in_it_there_is_no_photo() -> None:
    now_s = ManualClock().now().timestamp()
    given = lease("photo_capture", ends_in_s=10)
    assert lease_reason(None, CAMERA, now_s) is PhotoReason.NO_LEASE
    assert lease_reason(given, CAMERA, now_s + 10.0) is PhotoReason.LEASE_OVER
    assert lease_reason(given, "camera-2", now_s) is PhotoReason.CAMERA_NOT_CONFIRMED
    assert lease_reason(given, CAMERA, now_s) is PhotoReason.DUE


@pytest.mark.parametrize("by_lease", sorted(LEASE_REASONS))
def test_every_word_of_the_lease_comes_before_the_period_and_has_a_sentence(by_lease: PhotoReason) -> None:
    assert period_reason(PhotoPeriod(armed=True, switched_off=False, had_event=False), by_lease) is by_lease
    assert SENTENCES[by_lease].endswith(".")


@pytest.mark.parametrize(
    ("armed", "switched_off", "had_event", "expected"),
    [
        (False, True, True, PhotoReason.SWITCH_OFF),
        (True, True, False, PhotoReason.SWITCH_OFF),
        (False, False, False, PhotoReason.DISARMED),
        (False, False, True, PhotoReason.DISARMED),
        (True, False, True, PhotoReason.EVENT),
        (True, False, False, PhotoReason.DUE),
    ],
)
def test_a_period_ends_with_a_photo_only_if_the_camera_watched_and_saw_nothing(
    *, armed: bool, switched_off: bool, had_event: bool, expected: PhotoReason
) -> None:
    period = PhotoPeriod(armed=armed, switched_off=switched_off, had_event=had_event)
    assert period_reason(period, PhotoReason.DUE) is expected
