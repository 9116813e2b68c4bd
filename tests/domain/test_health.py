"""What counts as health: failures are about work not done, warnings about things to look at."""

from dataclasses import replace

import pytest

from agent.domain.drive_pace import DrivePace
from agent.domain.health import CameraVitals, HealthCode, HealthLimits, HealthState, Vitals, judge
from agent.domain.lease import LeaseState

LIMITS = HealthLimits(frame_s=20, saved_s=15, upload_s=900)
CAMERA = CameraVitals("c1", "Front door", frame_age_s=0.1, refused=False)
WELL = Vitals(
    cameras=(CAMERA,),
    saved_age_s=None,
    unsaved_s=None,
    uploaded_age_s=None,
    upload_waiting_s=None,
    lease_age_s=60.0,
    lease_state=LeaseState.IN_FORCE,
    refused_lease="",
    broker_connected=True,
    clock_trusted=True,
    drive_state="usable",
    disk_free_bytes=1000,
    disk_reserve_bytes=1000,
)


FAILURES = {
    "no camera at all": (replace(WELL, cameras=()), [HealthCode.NO_CAMERA]),
    "a camera without a frame past its limit": (
        replace(WELL, cameras=(CAMERA, replace(CAMERA, name="Shed", frame_age_s=20.1))),
        [HealthCode.CAMERA_NO_FRAME],
    ),
    "a refused camera, however new": (
        replace(WELL, cameras=(replace(CAMERA, refused=True),)),
        [HealthCode.CAMERA_REFUSED],
    ),
    "frames come, a clip is open, nothing reaches the disk": (
        replace(WELL, unsaved_s=15.1),
        [HealthCode.NOTHING_SAVED],
    ),
    "a lost camera is one failure, not two": (
        replace(WELL, cameras=(replace(CAMERA, frame_age_s=30),), unsaved_s=30),
        [HealthCode.CAMERA_NO_FRAME],
    ),
    "less free than the reserve": (replace(WELL, disk_free_bytes=999), [HealthCode.DISK_LOW]),
}
WARNINGS = {
    "no lease yet": (replace(WELL, lease_state=LeaseState.NONE), [HealthCode.LEASE_NONE]),
    "in grace": (replace(WELL, lease_state=LeaseState.IN_GRACE), [HealthCode.LEASE_IN_GRACE]),
    "past grace": (replace(WELL, lease_state=LeaseState.OVER), [HealthCode.LEASE_OVER]),
    "a lease was refused": (replace(WELL, refused_lease="lease_older"), [HealthCode.LEASE_REFUSED]),
    "broker away": (replace(WELL, broker_connected=False), [HealthCode.BROKER_AWAY]),
    "uploads wait for long": (replace(WELL, upload_waiting_s=900.1), [HealthCode.UPLOADS_STALLED]),
    "clock not known": (replace(WELL, clock_trusted=False), [HealthCode.CLOCK_UNTRUSTED]),
    "a full drive": (replace(WELL, drive_state="full"), [HealthCode.DRIVE_UNUSABLE]),
    "a slow drive": (replace(WELL, drive_pace=DrivePace.SLOW), [HealthCode.DRIVE_SLOW]),
    "a hung drive": (replace(WELL, drive_pace=DrivePace.HUNG), [HealthCode.DRIVE_HUNG]),
    "flows that failed": (replace(WELL, failed_flows=("photos", "uploads")), [HealthCode.FLOW_FAILED] * 2),
}


@pytest.mark.parametrize("name", FAILURES)
def test_work_not_done_is_a_failure(name: str) -> None:
    vitals, codes = FAILURES[name]
    health = judge(vitals, LIMITS)
    assert [finding.code for finding in health.failures] == codes
    assert (health.ok, health.state) == (False, HealthState.FAILING)


@pytest.mark.parametrize("name", WARNINGS)
def test_what_recording_does_not_wait_for_is_only_a_warning(name: str) -> None:
    vitals, codes = WARNINGS[name]
    health = judge(vitals, LIMITS)
    assert [finding.code for finding in health.warnings] == codes
    assert (health.ok, health.state) == (True, HealthState.DEGRADED)


def test_a_flow_that_failed_is_named() -> None:
    [finding] = judge(replace(WELL, failed_flows=("uploads",)), LIMITS).warnings
    assert finding.subject == "uploads"


@pytest.mark.parametrize("drive_state", [None, "usable", "absent"])
def test_a_module_without_a_drive_is_well(drive_state: str | None) -> None:
    health = judge(replace(WELL, drive_state=drive_state), LIMITS)
    assert (health.failures, health.warnings, health.state) == ((), (), HealthState.WELL)


def test_a_recording_that_reaches_the_disk_is_well() -> None:
    assert judge(replace(WELL, unsaved_s=1.0, saved_age_s=1.0), LIMITS).ok
