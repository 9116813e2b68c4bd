"""The JSON documents of the diagnostics API, as models: what `/api/v1/...` and `/healthz` answer."""

from pydantic import BaseModel, Field


class FindingDocument(BaseModel):
    """One thing that is wrong: a stable word and a sentence in the asked language."""

    code: str
    subject: str
    age_s: float | None
    text: str


class HealthDocument(BaseModel):
    """True health: ages in seconds, `null` for "never in this run"."""

    ok: bool
    failures: list[FindingDocument]
    warnings: list[FindingDocument]
    last_frame_age_s: dict[str, float]
    last_saved_age_s: float | None
    last_uploaded_age_s: float | None
    last_lease_age_s: float | None


class MotionDocument(BaseModel):
    """What the detector said last; `box` is x, y, width, height in shares of the picture."""

    moving: bool
    light_change: bool
    area: float
    score: float
    threshold: float
    box: tuple[float, float, float, float] | None


class CameraDocument(BaseModel):
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
    motion: MotionDocument | None


class LeaseDocument(BaseModel):
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


class LinkDocument(BaseModel):
    """The broker session."""

    connected: bool
    text: str
    session: int
    last_error: str


class UploadsDocument(BaseModel):
    """The uploader."""

    text: str
    waiting: int
    last_attempt_age_s: float | None
    last_stored_age_s: float | None
    last_error: str


class DriveDocument(BaseModel):
    """The USB drive; `state` is `null` when none is configured."""

    state: str | None
    text: str
    detail: str
    uuid: str | None
    file_system: str | None
    size_bytes: int | None
    free_bytes: int | None


class DiskDocument(BaseModel):
    """The module's own disk and the spool on it."""

    text: str
    spool_text: str
    free_bytes: int
    reserve_bytes: int
    spool_bytes: int
    spool_budget_bytes: int


class LedgerCount(BaseModel):
    """How many clips are in one phase."""

    phase: str
    text: str
    count: int


class ClipDocument(BaseModel):
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


class StatusDocument(BaseModel):
    """Everything the diagnostics page shows."""

    at: str
    clock_trusted: bool
    language: str
    name: str
    software: str
    armed: bool
    headline: str
    health: HealthDocument
    cameras: list[CameraDocument]
    lease: LeaseDocument
    broker: LinkDocument
    uploads: UploadsDocument
    drive: DriveDocument
    disk: DiskDocument
    ledger: list[LedgerCount]
    clips: list[ClipDocument]


class LedgerDocument(BaseModel):
    """The newest rows of the ledger, newest first."""

    clips: list[ClipDocument] = Field(max_length=1000)


class ProblemDocument(BaseModel):
    """An RFC 9457 problem document with a stable `code`."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
