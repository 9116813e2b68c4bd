"""What true health is: the ages of the last frame, save, upload and lease, judged against their limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent.domain.drive_pace import DrivePace
from agent.domain.lease import LeaseState


class HealthCode(StrEnum):
    """What is wrong; the word reaches `/healthz`, the page and the metrics."""

    NO_CAMERA = "no_camera"
    CAMERA_NO_FRAME = "camera_no_frame"
    CAMERA_REFUSED = "camera_refused"
    NOTHING_SAVED = "nothing_saved"
    UPLOADS_STALLED = "uploads_stalled"
    DISK_LOW = "disk_low"
    LEASE_NONE = "lease_none"
    LEASE_IN_GRACE = "lease_in_grace"
    LEASE_OVER = "lease_over"
    LEASE_REFUSED = "lease_refused"
    BROKER_AWAY = "broker_away"
    CLOCK_UNTRUSTED = "clock_untrusted"
    DRIVE_UNUSABLE = "drive_unusable"
    DRIVE_SLOW = "drive_slow"
    DRIVE_HUNG = "drive_hung"
    FLOW_FAILED = "flow_failed"


class HealthState(StrEnum):
    """The whole in one word: work not done, work done with something that wants looking at, or well."""

    WELL = "well"
    DEGRADED = "degraded"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class HealthLimits:
    """After how many seconds something is wrong.

    A camera that was lost is tried again within a minute; clips are synced every second; the uploader's longest pause
    between two tries is shorter than `upload_s`.
    """

    frame_s: float = 20.0
    saved_s: float = 15.0
    upload_s: float = 900.0


@dataclass(frozen=True, slots=True)
class CameraVitals:
    """One camera. `frame_age_s` counts from the start of the agent while there was no frame."""

    camera_id: str
    name: str
    frame_age_s: float
    refused: bool


@dataclass(frozen=True, slots=True)
class Vitals:
    """All that health is judged from; ages in seconds, `None` for "never in this run".

    `unsaved_s` says for how long clips have been recorded without a byte being saved (`None`: none is recorded), and
    `upload_waiting_s` for how long clips have been waiting without one being acknowledged (`None`: none waits).
    """

    cameras: tuple[CameraVitals, ...]
    saved_age_s: float | None
    unsaved_s: float | None
    uploaded_age_s: float | None
    upload_waiting_s: float | None
    lease_age_s: float | None
    lease_state: LeaseState
    refused_lease: str
    broker_connected: bool
    clock_trusted: bool
    drive_state: str | None
    disk_free_bytes: int
    disk_reserve_bytes: int
    drive_pace: DrivePace = DrivePace.OK
    failed_flows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `subject` is a camera's name, a drive state, a refusal's code or a flow, else empty."""

    code: HealthCode
    subject: str = ""
    age_s: float | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """`failures` mean that the module does not do its work now (503); `warnings` that something wants looking at."""

    failures: tuple[Finding, ...]
    warnings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Say whether the module does its work."""
        return not self.failures

    @property
    def state(self) -> HealthState:
        """Say it in one word."""
        if self.failures:
            return HealthState.FAILING
        return HealthState.DEGRADED if self.warnings else HealthState.WELL


_PACE_CODE = {DrivePace.SLOW: HealthCode.DRIVE_SLOW, DrivePace.HUNG: HealthCode.DRIVE_HUNG}


def judge(vitals: Vitals, limits: HealthLimits) -> Health:
    """Judge the vitals. A cloud or broker that is away is never a failure: recording does not wait for it."""
    return Health(tuple(_failures(vitals, limits)), tuple(_warnings(vitals, limits)))


def _failures(vitals: Vitals, limits: HealthLimits) -> Sequence[Finding]:
    found = [] if vitals.cameras else [Finding(HealthCode.NO_CAMERA)]
    for camera in vitals.cameras:
        if camera.refused:
            found.append(Finding(HealthCode.CAMERA_REFUSED, camera.name, camera.frame_age_s))
        elif camera.frame_age_s > limits.frame_s:
            found.append(Finding(HealthCode.CAMERA_NO_FRAME, camera.name, camera.frame_age_s))
    frames_come = any(camera.frame_age_s <= limits.frame_s for camera in vitals.cameras)
    if frames_come and vitals.unsaved_s is not None and vitals.unsaved_s > limits.saved_s:
        found.append(Finding(HealthCode.NOTHING_SAVED, age_s=vitals.unsaved_s))
    if vitals.disk_free_bytes < vitals.disk_reserve_bytes:
        found.append(Finding(HealthCode.DISK_LOW))
    return found


def _warnings(vitals: Vitals, limits: HealthLimits) -> Sequence[Finding]:
    found: list[Finding] = []
    lease = {
        LeaseState.NONE: HealthCode.LEASE_NONE,
        LeaseState.IN_GRACE: HealthCode.LEASE_IN_GRACE,
        LeaseState.OVER: HealthCode.LEASE_OVER,
    }.get(vitals.lease_state)
    if lease is not None:
        found.append(Finding(lease, age_s=vitals.lease_age_s))
    if vitals.refused_lease:
        found.append(Finding(HealthCode.LEASE_REFUSED, vitals.refused_lease))
    if not vitals.broker_connected:
        found.append(Finding(HealthCode.BROKER_AWAY))
    if vitals.upload_waiting_s is not None and vitals.upload_waiting_s > limits.upload_s:
        found.append(Finding(HealthCode.UPLOADS_STALLED, age_s=vitals.upload_waiting_s))
    if not vitals.clock_trusted:
        found.append(Finding(HealthCode.CLOCK_UNTRUSTED))
    if vitals.drive_state not in {None, "usable", "absent"}:
        found.append(Finding(HealthCode.DRIVE_UNUSABLE, vitals.drive_state or ""))
    if vitals.drive_pace is not DrivePace.OK:
        found.append(Finding(_PACE_CODE[vitals.drive_pace]))
    found += [Finding(HealthCode.FLOW_FAILED, name) for name in vitals.failed_flows]
    return found
