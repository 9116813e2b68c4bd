"""What crosses the JSON edge of the cloud, as pydantic models: they check requests and describe answers in OpenAPI."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")]


class Body(BaseModel):
    """A request of an owner: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid")


class LogIn(Body):
    """Opens a session."""

    email: str = Field(max_length=254)
    password: str = Field(max_length=1024)


class SessionReply(BaseModel):
    """A session; `csrf_token` goes into the `X-CSRF-Token` header of every changing request."""

    account_id: str
    email: str
    csrf_token: str
    expires_at: datetime


class NewAccount(Body):
    """Makes an account; `region` is `vendor/region`, `subdivision` its province or state (ISO 3166-2)."""

    email: str = Field(max_length=254)
    password: str = Field(max_length=1024)
    region: str
    locale: str
    time_zone: str
    subdivision: str | None = Field(default=None, max_length=16)


class AccountChange(Body):
    """Changes what is named; the rest stays."""

    locale: str | None = None
    time_zone: str | None = None
    auto_delete_days: int | None = Field(default=None, ge=1)
    subdivision: str | None = Field(default=None, max_length=16)


class PasswordChange(Body):
    """Replaces the password."""

    current: str = Field(max_length=1024)
    new: str = Field(max_length=1024)


class TrialReply(BaseModel):
    """The running trial; begun days count whole (R030)."""

    trial_id: str
    plan: str
    started_at: datetime
    ends_at: datetime
    days_left: int


class AccountReply(BaseModel):
    """An account. `auto_delete_days` is what is in force."""

    account_id: str
    email: str
    vendor: str
    region: str
    subdivision: str | None
    created_on: date
    time_zone: str
    locale: str
    auto_delete_days: int
    auto_delete_choices: list[int]
    auto_delete_open: bool
    trial: TrialReply | None
    trial_days_left: int | None


class PriceReply(BaseModel):
    """A price in minor units of `currency`; `keep_for_days` where a recording duration is chosen."""

    interval: str
    amount_minor: int
    currency: str
    keep_for_days: int | None = None


class OfferReply(BaseModel):
    """A plan of the account's region."""

    plan: str
    name: str
    coverage: str
    prices: list[PriceReply]
    eligible_camera_ids: list[str]


class NextEvictedReply(BaseModel):
    """The clip that a full pool lets go of next: download it to keep it."""

    clip_id: str
    camera_id: str
    captured_at: datetime


class PoolReply(BaseModel):
    """A quota pool of free cloud storage.

    `days_at_present_rate` is how many days of clips all of it holds, at the rate of the last 14 days; `full_at` is when
    new clips begin to cost old ones. Both are null while nothing is recorded.
    """

    pool: str
    limit_ms: int
    used_ms: int
    days_at_present_rate: float | None
    full_at: datetime | None
    next_evicted: NextEvictedReply | None


class ClaimCodeReply(BaseModel):
    """A claim code, shown this once, with the command that uses it."""

    code: str
    expires_at: datetime
    command: str


class NextClipReply(BaseModel):
    """Where a camera's next clip goes, in the words of docs/wire.md; `expected`: the module has not said so itself."""

    sink: str
    reason: str
    blocked_by: str | None
    expected: bool


class CameraReply(BaseModel):
    """A camera; `model` is null until its owner confirmed one."""

    camera_id: str
    module_id: str
    name: str
    proposed_model: str
    model: str | None
    confirmed_at: datetime | None
    source_kind: str
    features: list[str]
    storage: str
    why: str
    drive: str
    next_clip: NextClipReply


class ModuleReply(BaseModel):
    """A module; `state` is its last state document as it came."""

    module_id: str
    name: str
    model: str
    claimed_at: datetime
    online: bool
    state_at: datetime | None
    state: dict[str, object] | None
    lease_seq: int | None
    lease_expires_at: datetime | None


class Renaming(Body):
    """A new name."""

    name: Name


class Confirmation(Body):
    """The model that a camera is."""

    model: Word


class CommandBody(Body):
    """A command of docs/wire.md."""

    name: Literal["arm", "motion", "schedule", "snooze", "photo", "eject_drive", "state"]
    arguments: dict[str, str | bool | int | list[dict[str, str | bool]]] = Field(default_factory=dict)


class CommandReply(BaseModel):
    """What the module did; `code` is a result code of docs/wire.md, `message` its own words."""

    id: str
    ok: bool
    code: str
    message: str


class ConfirmationPreview(BaseModel):
    """What confirming a model would do now."""

    starts_trial: bool
    trial_ends_at: datetime | None
    no_trial_because: str | None
    moves_to_cloud: list[str]


class LogReply(BaseModel):
    """One entry of the activity log."""

    at: datetime
    what: str
    subject: str
    rule: str


class LabClockBody(Body):
    """Exactly one of the three."""

    action: Literal["freeze", "resume"] | None = None
    advance_to: datetime | None = None
    advance_s: float | None = Field(default=None, gt=0, le=10 * 366 * 86400)


class LabClockReply(BaseModel):
    """The lab clock as it stands."""

    now: datetime
    frozen: bool
    advancing_to: datetime | None


class HealthReply(BaseModel):
    """Whether the cloud does its work; `reasons` is empty when it does."""

    ok: bool
    reasons: list[str]
    broker_up: bool
    outbox_waiting: int
    modules: int
    modules_online: int
    accounts: int


class Problem(BaseModel):
    """RFC 9457 problem document; `code` is stable."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str
