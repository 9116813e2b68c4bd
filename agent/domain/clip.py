"""One clip's life in the ledger: the row, its phases, and the table that moves it."""

from dataclasses import dataclass
from enum import StrEnum


class ClipReason(StrEnum):
    """Why a clip was made (DESIGN §2)."""

    MOTION = "motion"
    CONTINUOUS = "continuous"
    LIVE_VIEW = "live_view"
    PHOTOS = "photos"


class MediaKind(StrEnum):
    """What a row's file holds: a fragmented MP4, or one JPEG."""

    CLIP = "clip"
    PHOTO = "photo"


class Sink(StrEnum):
    """Where a clip goes (DESIGN §5)."""

    CLOUD = "cloud"
    QUOTA = "quota"
    USB = "usb"
    HELD = "held"
    NONE = "none"


class SinkReason(StrEnum):
    """Why that sink; the same word reaches ledger, log, event, API and page."""

    TRIAL = "trial"
    PLAN = "plan"
    FREE_TIER = "free_tier"
    LEGACY_ACCOUNT = "legacy_account"
    LEGACY_MODEL = "legacy_model"
    LOCAL_STORAGE = "local_storage"
    NO_LEASE = "no_lease"
    GRACE_OVER = "grace_over"
    NOT_ENTITLED = "not_entitled"


class BlockedBy(StrEnum):
    """With sink `none`: what kept the drive from taking the clip."""

    DRIVE_ABSENT = "drive_absent"
    DRIVE_FULL = "drive_full"
    DRIVE_READ_ONLY = "drive_read_only"
    DRIVE_PULLED = "drive_pulled"
    DRIVE_EJECTED = "drive_ejected"
    DRIVE_FOREIGN = "drive_foreign"
    DRIVE_UNSUPPORTED = "drive_unsupported"
    MODEL_NOT_ELIGIBLE = "model_not_eligible"
    MODULE_NOT_ELIGIBLE = "module_not_eligible"
    CAMERA_NOT_CONFIRMED = "camera_not_confirmed"


@dataclass(frozen=True, slots=True)
class SinkChoice:
    """Decided once, when the clip opens, and kept with the clip."""

    sink: Sink
    reason: SinkReason
    blocked_by: BlockedBy | None
    grant: str | None
    lease_seq: int | None


class RowPhase(StrEnum):
    """Where a clip is in its life. Stored by these words: renaming code never breaks a device in the field."""

    RECORDING = "recording"
    SPOOLED = "spooled"
    HELD = "held"
    STORED_CLOUD = "stored_cloud"
    STORED_USB = "stored_usb"
    NOT_KEPT = "not_kept"
    LOST = "lost"


ENDED_PHASES = frozenset({RowPhase.STORED_CLOUD, RowPhase.STORED_USB, RowPhase.NOT_KEPT, RowPhase.LOST})


@dataclass(frozen=True, slots=True)
class ClipRow:
    """The ledger's whole knowledge of one clip or photo.

    `path` is relative to the spool folder while the file is there, else `None`; `usb_path` is relative to the drive's
    root. `captured_at` is an ISO 8601 UTC time of the first picture; `clock_trusted` says whether to believe it.
    `synced_bytes` counts what an fdatasync has covered; `size_bytes`, `sha256` and `duration_ms` stand from close on.
    `upload_url` and `attempts` belong to the uploader. `lost_because` is set exactly in phase `LOST`. A path that still
    stands in an ended phase is a delete that is not finished. A held or spooled row may stand on the drive instead of
    the spool (`usb_path` without `path`): a clip that was parked there while there was no lease.
    `refused_seq` is the lease under which the cloud refused the clip; `ended_early` says why a recording was cut short.
    """

    clip_id: str
    camera_id: str
    kind: MediaKind
    clip_reason: ClipReason
    phase: RowPhase
    choice: SinkChoice
    captured_at: str
    clock_trusted: bool
    path: str | None
    usb_path: str | None = None
    synced_bytes: int = 0
    size_bytes: int | None = None
    sha256: str | None = None
    duration_ms: int | None = None
    upload_url: str | None = None
    attempts: int = 0
    lost_because: str | None = None
    refused_seq: int | None = None
    ended_early: str | None = None
