"""R076 and R100 on the device: what the lease does not give is not looked for, and the refusal says what failed."""

import pytest

from agent.domain.lease import CameraLease, Cover, DriveRole, Lease, Storage, StorageKind
from agent.domain.person import LookReason, PersonPolicy, PersonState, lease_reason, look_reason, person_state

CLOUD, NOWHERE = Storage(StorageKind.CLOUD, keep_for_days=60), Storage(StorageKind.NONE)
COVERED = CameraLease("outdoor_4", frozenset({"person_detection"}), CLOUD, Cover.PLAN, "plan:1", DriveRole.BACKUP)
OTHER_MODEL = CameraLease("mini", frozenset({"extended_live_view"}), CLOUD, Cover.PLAN, "plan:1", DriveRole.BACKUP)
UNCOVERED = CameraLease("outdoor_4", frozenset(), NOWHERE, Cover.NOT_ENTITLED, None, DriveRole.OFF)
OUTSIDE = CameraLease("xt2", frozenset(), NOWHERE, Cover.MODEL_NOT_ELIGIBLE, None, DriveRole.OFF)


def lease(**cameras: CameraLease) -> Lease:
    return Lease(1, 0, 0, 100, 200, "account", 60.0, cameras, "token")


@pytest.mark.parametrize(
    ("held", "now_s", "reason"),
    [
        (None, 50.0, LookReason.NO_LEASE),
        (lease(door=COVERED), 250.0, LookReason.LEASE_OVER),
        (lease(shed=COVERED), 50.0, LookReason.CAMERA_NOT_CONFIRMED),
        (lease(door=OTHER_MODEL), 50.0, LookReason.NOT_ENTITLED),
        (lease(door=UNCOVERED), 50.0, LookReason.NOT_ENTITLED),
        (lease(door=OUTSIDE), 50.0, LookReason.MODEL_NOT_ELIGIBLE),
        (lease(door=COVERED), 50.0, LookReason.DUE),
        (lease(door=COVERED), 150.0, LookReason.DUE),  # silence only ages a lease: grace
    ],
)
def test_R100_the_lease_in_force_gives_person_detection_camera_by_camera(
    held: Lease | None, now_s: float, reason: LookReason
) -> None:
    found = lease_reason(held, "door", now_s)
    assert found is reason
    assert look_reason(PersonPolicy(), PersonState.READY, found, None) is reason


def test_R076_without_cover_nothing_is_loaded_and_the_module_says_so() -> None:
    assert lease_reason(lease(door=UNCOVERED), "door", 50.0) is LookReason.NOT_ENTITLED
    assert person_state(PersonPolicy(), None, any_camera=False) is PersonState.NOT_ENTITLED


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (PersonState.NOT_INSTALLED, LookReason.NOT_INSTALLED),
        (PersonState.MODEL_UNUSABLE, LookReason.MODEL_UNUSABLE),
        (PersonState.READY, LookReason.DUE),
    ],
)
def test_R100_what_is_not_installed_is_said_also_where_the_plan_has_it(state: PersonState, reason: LookReason) -> None:
    assert look_reason(PersonPolicy(), state, LookReason.DUE, None) is reason
    broken = None if state is PersonState.READY else state
    assert person_state(PersonPolicy(), broken, any_camera=True) is state
