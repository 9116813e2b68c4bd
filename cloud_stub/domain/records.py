"""The records that everything is derived from; times are aware UTC datetimes, durations integer milliseconds."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Account:
    """A camera account. `vendor` and `region` are catalog keys; `auto_delete_days` is `None` until it is set.

    `subdivision` is the province or state (ISO 3166-2, such as `CA-QC`) where its owner said one: some plans do not
    renew there (R018).
    """

    account_id: str
    email: str
    password_hash: str
    vendor: str
    region: str
    created_on: date
    time_zone: str
    auto_delete_days: int | None
    locale: str
    subdivision: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A log-in: the cookie's token is kept only as its SHA-256."""

    token_hash: str
    account_id: str
    csrf_token: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Module:
    """A sync module. `secret_hash` is SHA-256 of its 256-bit secret; `revoked_at` cuts it off."""

    module_id: str
    account_id: str
    name: str
    model: str
    secret_hash: str
    claimed_at: datetime
    revoked_at: datetime | None
    online: bool
    session: int | None
    state: str | None
    state_at: datetime | None


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera of a module. `model` is `None` until the owner confirms what the agent proposed."""

    camera_id: str
    module_id: str
    account_id: str
    name: str
    proposed_model: str
    model: str | None
    confirmed_at: datetime | None
    source_kind: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class ClaimCode:
    """A one-time code that ties a new module to an account; kept as the SHA-256 of the code without its dash."""

    code_hash: str
    account_id: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    module_id: str | None


@dataclass(frozen=True, slots=True)
class Trial:
    """A free trial: a grant with an end, never a subscription (R032). `ended_at` is set when it was cancelled early.

    `camera_id` is the camera that started it, where a trial covers one camera only.
    """

    trial_id: str
    account_id: str
    plan: str
    started_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    camera_id: str | None = None


@dataclass(frozen=True, slots=True)
class IssuedLease:
    """A lease as it left; every one is kept, since a clip may name any of them (DESIGN §5, last paragraph)."""

    module_id: str
    seq: int
    issued_at: datetime
    expires_at: datetime
    grace_until: datetime
    fingerprint: str
    claims: str
    token: str


class ClipPhase(StrEnum):
    """Life of a clip in the cloud; `DELETING` is committed before the blob goes."""

    RECEIVING = "receiving"
    HELD = "held"
    DELETING = "deleting"
    GONE = "gone"


class Disposition(StrEnum):
    """What the cloud tells a module of a clip (docs/wire.md)."""

    HELD = "held"
    EVICTED = "evicted"
    DELETED = "deleted"
    EXPIRED = "expired"
    PARTIAL = "partial"


class DriveCopy(StrEnum):
    """What became of an owner's wish to have a clip on its module's own drive before it leaves the cloud."""

    ASKED = "asked"
    SAVED = "saved"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip or photo. `pool` is set for quota clips, `keep_for_days` for clips under a plan's window.

    `retained_from` is what retention counts from: `captured_at` if trusted and not after `received_at`, else
    `received_at`. `disposition` is `PARTIAL` when an upload expired and only the beginning is held. `gone_because` is
    the rule that removed it (a tombstone keeps size, hash and times, no content). `kept_until` puts its erasure off
    while its module saves it on its drive.
    """

    clip_id: str
    module_id: str
    account_id: str
    camera_id: str
    kind: str
    clip_reason: str
    sink: str
    why: str
    grant: str
    lease_seq: int
    pool: str | None
    keep_for_days: int | None
    captured_at: datetime
    clock_trusted: bool
    received_at: datetime
    retained_from: datetime
    phase: ClipPhase
    disposition: Disposition | None
    duration_ms: int
    size_bytes: int
    sha256: str | None
    gone_at: datetime | None
    gone_because: str | None
    kept_until: datetime | None = None
    drive_copy: DriveCopy | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A tus upload. `length` is `None` while deferred; `metadata` is the raw header.

    `expires_at` moves on with each byte, but never beyond `ends_by`, which is settled when the upload is created. Both
    are real time, which a lab clock never moves.
    """

    upload_id: str
    clip_id: str
    module_id: str
    offset: int
    length: int | None
    metadata: str
    expires_at: datetime
    ends_by: datetime
    finished: bool


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """One message that must leave for the broker, in order; dropped on PUBACK."""

    item_id: int
    module_id: str
    topic: str
    payload: bytes
    retain: bool


@dataclass(frozen=True, slots=True)
class LabClock:
    """The lab clock as it stands: frozen at `now`, or running from `set_at` on; `advancing_to` outlives a crash."""

    now: datetime
    frozen: bool
    set_at: datetime
    advancing_to: datetime | None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """What happened, when (civil time), to what, and by which rule of the catalog."""

    at: datetime
    account_id: str
    what: str
    subject: str
    rule: str


@dataclass(frozen=True, slots=True)
class ShareLink:
    """A clip that anybody with the link may watch until `expires_at` (R097); the token is kept as its SHA-256."""

    token_hash: str
    account_id: str
    clip_id: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RememberedReply:
    """What a call with an `Idempotency-Key` was answered: the same call again gets the same answer."""

    key: str
    caller: str
    method: str
    path: str
    body_sha256: str
    status: int
    body: str
    made_at: datetime
