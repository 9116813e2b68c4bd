"""The lease as the device reads it, and what is still true of it at a given time."""

from dataclasses import dataclass
from enum import StrEnum


class StorageKind(StrEnum):
    """Where the lease lets a camera keep clips (DESIGN §4, `storage`)."""

    CLOUD = "cloud"
    QUOTA = "quota"
    LOCAL = "local"
    NONE = "none"


class Cover(StrEnum):
    """Why a camera is covered, or why it is not: the cloud's half of every sink reason (docs/wire.md)."""

    TRIAL = "trial"
    PLAN = "plan"
    FREE_TIER = "free_tier"
    LEGACY_ACCOUNT = "legacy_account"
    LEGACY_MODEL = "legacy_model"
    LOCAL_STORAGE = "local_storage"
    MODEL_NOT_ELIGIBLE = "model_not_eligible"
    MODULE_NOT_ELIGIBLE = "module_not_eligible"
    CAMERA_NOT_CONFIRMED = "camera_not_confirmed"
    NOT_ENTITLED = "not_entitled"


class DriveRole(StrEnum):
    """What the drive is to a camera: its store, the daily copy of what the cloud holds, or nothing (C19)."""

    PRIMARY = "primary"
    BACKUP = "backup"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Storage:
    """`keep_for_days` is set for `cloud`; `pool`, `limit_ms` and `used_ms` for `quota`."""

    kind: StorageKind
    keep_for_days: int | None = None
    pool: str | None = None
    limit_ms: int | None = None
    used_ms: int | None = None


@dataclass(frozen=True, slots=True)
class CameraLease:
    """What one camera may do. `features` are the catalog's words; unknown ones are kept and ignored."""

    model: str | None
    features: frozenset[str]
    storage: Storage
    why: Cover
    grant: str | None
    drive: DriveRole


@dataclass(frozen=True, slots=True)
class Lease:
    """A verified lease. Times are POSIX seconds of civil time; `longest_clip_s` is the cloud's cut (413)."""

    seq: int
    issued_at_s: int
    not_before_s: int
    expires_at_s: int
    grace_until_s: int
    account_id: str
    longest_clip_s: float
    cameras: dict[str, CameraLease]
    token: str


class LeaseState(StrEnum):
    """`IN_GRACE` is past `exp` and before `grace_until`: silence only ages a lease (DESIGN §4)."""

    NONE = "none"
    IN_FORCE = "in_force"
    IN_GRACE = "in_grace"
    OVER = "over"


def lease_state(lease: Lease | None, now_s: float) -> LeaseState:
    """Say what a lease is worth at `now_s` (trusted civil time, POSIX seconds)."""
    if lease is None:
        return LeaseState.NONE
    if now_s < lease.expires_at_s:
        return LeaseState.IN_FORCE
    return LeaseState.IN_GRACE if now_s < lease.grace_until_s else LeaseState.OVER
