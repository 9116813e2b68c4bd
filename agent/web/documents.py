"""The JSON documents of the diagnostics API, as dataclasses: what `/api/v1/...` and `/healthz` answer."""

import json
from dataclasses import asdict, dataclass

from agent.web.detection_documents import DetectsOnDocument, PacketGateDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingDocument:
    """One thing that is wrong: a stable word and a sentence in the asked language."""

    code: str
    subject: str
    age_s: float | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthDocument:
    """True health: ages in seconds, `null` for "never in this run"; `state` is `well`, `degraded` or `failing`."""

    ok: bool
    state: str
    failures: list[FindingDocument]
    warnings: list[FindingDocument]
    last_frame_age_s: dict[str, float]
    last_saved_age_s: float | None
    last_uploaded_age_s: float | None
    last_lease_age_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionDocument:
    """What the detector said last; `box` is x, y, width, height in shares of the picture."""

    moving: bool
    light_change: bool
    area: float
    score: float
    threshold: float
    box: tuple[float, float, float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraArmingDocument:
    """One camera's motion switch and snooze; `snooze_refused` says why it may not be snoozed, if it may not."""

    motion_on: bool
    snoozed_until: str | None
    may_snooze: bool
    snooze_refused: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneDocument:
    """One zone: its kind (docs/wire.md) and its corners (x, y) in shares of the picture."""

    kind: str
    corners: list[tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZonesDocument:
    """One camera's zones; `slow` says so when the module cannot encode all of its masked pictures."""

    version: int
    zones: list[ZoneDocument]
    text: str
    slow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitivityDocument:
    """How sensitive a camera is (1 to 9), set by `owner` or `configuration`, which says `configured`.

    `smallest_sides` are those of the smallest square that counts at 1 to 9, in shares of the picture's width.
    """

    level: int
    set_by: str
    configured: int
    text: str
    smallest_sides: list[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraDocument:
    """One camera. `sink`, `reason` and `blocked_by` are the words of docs/wire.md; `*_text` are sentences."""

    camera_id: str
    name: str
    model: str
    source_kind: str
    health: str
    health_text: str
    detail: str
    phase: str
    phase_text: str
    width: int | None
    height: int | None
    fps: float | None
    codec: str | None
    picture_text: str
    frames: int
    losses: int
    last_frame_age_s: float | None
    sink: str | None
    sink_text: str
    reason: str | None
    blocked_by: str | None
    choice_text: str
    cover_text: str
    continuous: str
    continuous_text: str
    motion: MotionDocument | None
    arming: CameraArmingDocument
    zones: ZonesDocument
    sensitivity: SensitivityDocument
    packet_gate: PacketGateDocument | None
    detects_on: DetectsOnDocument | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseDocument:
    """The lease in force; times are UTC, RFC 3339. `seq` is a string: JavaScript rounds large integers."""

    state: str
    state_text: str
    text: str
    seq: str | None
    issued_at: str | None
    expires_at: str | None
    grace_until: str | None
    taken_age_s: float | None
    refused: str
    refused_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDocument:
    """The broker session."""

    connected: bool
    text: str
    session: int
    last_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadsDocument:
    """The uploader."""

    text: str
    waiting: int
    last_attempt_age_s: float | None
    last_stored_age_s: float | None
    last_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveDocument:
    """The USB drive; `state` is `null` when none is configured."""

    state: str | None
    text: str
    detail: str
    uuid: str | None
    file_system: str | None
    size_bytes: int | None
    free_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskDocument:
    """The module's own disk and the spool on it."""

    text: str
    spool_text: str
    free_bytes: int
    reserve_bytes: int
    spool_bytes: int
    spool_budget_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDocument:
    """Person detection; `state` is the word of docs/wire.md, `detail` what somebody must do."""

    state: str
    text: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerCount:
    """How many clips are in one phase."""

    phase: str
    text: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipDocument:
    """One row of the ledger. `media_url` is set while the file still stands on this device."""

    clip_id: str
    camera_id: str
    camera: str
    kind: str
    clip_reason: str
    clip_reason_text: str
    phase: str
    phase_text: str
    sink: str
    sink_text: str
    reason: str
    blocked_by: str | None
    choice_text: str
    grant: str | None
    lease_seq: str | None
    captured_at: str
    clock_trusted: bool
    duration_ms: int | None
    length_text: str
    size_bytes: int | None
    synced_bytes: int
    sha256: str | None
    lost_because: str | None
    media_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleStepDocument:
    """One step of every week: `day` is mon to sun, `at` such as 07:15 in the schedule's time zone."""

    day: str
    at: str
    armed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmingDocument:
    """Why the module is armed or not, the step that changes it next, and the whole schedule."""

    reason: str
    text: str
    next_at: str | None
    next_text: str
    time_zone: str | None
    steps: list[ScheduleStepDocument]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusDocument:
    """Everything the diagnostics page shows."""

    at: str
    clock_trusted: bool
    language: str
    name: str
    software: str
    armed: bool
    arming: ArmingDocument
    headline: str
    health: HealthDocument
    cameras: list[CameraDocument]
    lease: LeaseDocument
    broker: LinkDocument
    uploads: UploadsDocument
    drive: DriveDocument
    disk: DiskDocument
    person: PersonDocument
    ledger: list[LedgerCount]
    clips: list[ClipDocument]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerDocument:
    """The newest rows of the ledger, newest first."""

    clips: list[ClipDocument]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemDocument:
    """An RFC 9457 problem document with a stable `code`."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str


Document = StatusDocument | HealthDocument | LedgerDocument | ProblemDocument


def document_json(document: Document) -> str:
    """Return a document as the API answers it."""
    return json.dumps(asdict(document), ensure_ascii=False, separators=(",", ":"))
