"""The `state` document of a module (docs/wire.md, state_v1.json): always whole, made of plain values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from agent.domain.arming import FROM_THE_START, Arming
from agent.domain.clip import RowPhase, SinkChoice
from agent.domain.continuous import ContinuousState
from agent.domain.lease import Lease, LeaseState
from agent.domain.motion_why import STANDARD_SENSITIVITY
from agent.domain.person import PersonState
from agent.domain.schedule import Schedule, schedule_document
from agent.domain.sensitivity import SetBy

LIVE_PHASES = (RowPhase.RECORDING, RowPhase.SPOOLED, RowPhase.HELD)


@dataclass(frozen=True, slots=True)
class ZonesWords:
    """How many zones of each kind a camera has; `stored_every` 2 says that only every second picture is stored."""

    version: int = 0
    activity: int = 0
    only_here: int = 0
    privacy: int = 0
    stored_every: int = 1


@dataclass(frozen=True, slots=True)
class SensitivityWords:
    """What a camera's detector uses, and who said so."""

    level: int = STANDARD_SENSITIVITY
    set_by: str = SetBy.CONFIGURATION.value


@dataclass(frozen=True, slots=True)
class CameraWords:
    """What the document says of one camera; the picture's facts are `None` until its stream is known."""

    name: str
    proposed_model: str
    source_kind: str
    phase: str
    health: str
    detail: str
    width: int | None
    height: int | None
    fps: float | None
    codec: str | None
    choice: SinkChoice | None
    motion_on: bool = True
    snoozed_until: str | None = None
    continuous: ContinuousState = ContinuousState.OFF
    zones: ZonesWords = ZonesWords()
    sensitivity: SensitivityWords = SensitivityWords()


@dataclass(frozen=True, slots=True)
class DriveWords:
    """What the document says of the drive; sizes in bytes."""

    state: str
    detail: str
    uuid: str | None
    file_system: str | None
    size_bytes: int | None
    free_bytes: int | None


NO_DRIVE = DriveWords("absent", "", None, None, None, None)


@dataclass(frozen=True, slots=True)
class ModuleWords:
    """Everything the document is made of. `at` is RFC 3339 in UTC; `cameras` are by id."""

    session: int
    at: str
    clock_trusted: bool
    software: str
    armed: bool
    lease: Lease | None
    lease_state: LeaseState
    drive: DriveWords
    spool_used_bytes: int
    spool_budget_bytes: int
    counts: Mapping[RowPhase, int]
    cameras: Mapping[str, CameraWords]
    arming: Arming = FROM_THE_START
    schedule: Schedule | None = None
    person: PersonState = PersonState.OFF
    person_detail: str = ""


def state_document(words: ModuleWords) -> dict[str, object]:
    """Return the whole document; `ledger` counts the rows that are still on their way."""
    lease = words.lease
    return {
        "session": words.session,
        "at": words.at,
        "clock_trusted": words.clock_trusted,
        "software": words.software,
        "armed": words.armed,
        "arming": _arming(words.arming),
        "schedule": schedule_document(words.schedule),
        "lease": {
            "state": words.lease_state.value,
            "seq": lease.seq if lease else None,
            "exp": lease.expires_at_s if lease else None,
        },
        "drive": asdict(words.drive),
        "spool": {"used_bytes": words.spool_used_bytes, "budget_bytes": words.spool_budget_bytes},
        "person_detection": {"state": words.person.value, "detail": words.person_detail},
        "ledger": {phase.value: words.counts.get(phase, 0) for phase in LIVE_PHASES},
        "cameras": {camera_id: _camera(camera) for camera_id, camera in words.cameras.items()},
    }


def same_words(one: Mapping[str, object] | None, other: Mapping[str, object]) -> bool:
    """Say whether two documents differ in nothing but the moment they were made at."""
    return one is not None and {**one, "at": None} == {**other, "at": None}


def _arming(arming: Arming) -> dict[str, object]:
    then = arming.then
    return {
        "reason": arming.reason.value,
        "next_at": then.at.isoformat(timespec="seconds").replace("+00:00", "Z") if then else None,
        "next_armed": then.armed if then else None,
    }


def _camera(camera: CameraWords) -> dict[str, object]:
    document = asdict(camera)
    del document["choice"]
    choice = camera.choice
    return {
        **document,
        "continuous": camera.continuous.value,
        "sink": choice.sink.value if choice else None,
        "reason": choice.reason.value if choice else None,
        "blocked_by": choice.blocked_by.value if choice and choice.blocked_by else None,
    }
