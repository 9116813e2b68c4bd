"""What the running agent knows of its own progress: each flow writes its own part, everybody may read.

Times are monotonic seconds of the Clock port; `None` means "not yet in this run".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from agent.domain.arming import FROM_THE_START, Arming
from agent.domain.clip import SinkChoice
from agent.domain.continuous import ContinuousState
from agent.domain.detects_on import DetectsOn
from agent.domain.drive_pace import DrivePace
from agent.domain.lease import Lease, LeaseState
from agent.domain.motion_why import STANDARD_SENSITIVITY
from agent.domain.person import PersonState
from agent.domain.schedule import Schedule
from agent.domain.sensitivity import SensitivityInForce, decide_sensitivity
from agent.domain.zones import CameraZones
from agent.vision.motion import MotionReading
from agent.vision.packet_gate import GateReport
from hardware.camera import StreamInfo
from hardware.drive import DriveReport


class CameraHealth(StrEnum):
    """The word for a camera in `state`, on the page and in metrics."""

    STARTING = "starting"
    OK = "ok"
    LOST = "lost"
    REFUSED = "refused"


@dataclass(slots=True)
class CameraBoard:
    """Progress of one camera. `phase` is the clip life cycle's word; `attempt_s` is when it was last (re)tried.

    `gate` tells how much of its video was not decoded, where that may be; `detects_on` which of two streams motion is
    looked for in, and why it is the main one, where a second one is configured.
    """

    camera_id: str
    name: str
    proposed_model: str
    source_kind: str
    health: CameraHealth = CameraHealth.STARTING
    detail: str = ""
    stream: StreamInfo | None = None
    phase: str = "idle"
    choice: SinkChoice | None = None
    continuous: ContinuousState = ContinuousState.OFF
    reading: MotionReading | None = None
    frames: int = 0
    last_frame_s: float | None = None
    attempt_s: float | None = None
    losses: int = 0
    gate: Callable[[], GateReport] | None = None
    detects_on: tuple[DetectsOn, str] | None = None


@dataclass(slots=True)
class UploadBoard:
    """Progress of the uploader: `attempt_s` moves when it tried anything, `stored_s` when the cloud acknowledged."""

    attempt_s: float | None = None
    stored_s: float | None = None
    last_error: str = ""


@dataclass(slots=True)
class LinkBoard:
    """The broker session and the lease."""

    connected: bool = False
    session: int = 0
    last_error: str = ""
    lease: Lease | None = None
    lease_state: LeaseState = LeaseState.NONE
    lease_taken_s: float | None = None
    refused_lease: str = ""


@dataclass(slots=True)
class ArmingBoard:
    """What the owner set beside `armed`: why it is so, which cameras do not watch, which tell nobody until when."""

    now: Arming = FROM_THE_START
    schedule: Schedule | None = None
    switched_off: frozenset[str] = frozenset()
    snoozed: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(slots=True)
class ZonesBoard:
    """The zones of each camera that ever had some. `lost`: what was kept is damaged, so who is missing is refused.

    `every` is there for a masked camera whose encoder cannot keep up: it stores every n-th picture only.
    """

    cameras: Mapping[str, CameraZones] = field(default_factory=dict)
    lost: bool = False
    every: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class SensitivityBoard:
    """How sensitive each camera is, by its id: by the configuration, and by its owner. Readable from any thread."""

    configured: Mapping[str, int] = field(default_factory=dict)
    by_owner: Mapping[str, int] = field(default_factory=dict)

    def of(self, camera_id: str) -> SensitivityInForce:
        """Return what is in force for a camera."""
        return decide_sensitivity(self.configured.get(camera_id, STANDARD_SENSITIVITY), self.by_owner.get(camera_id))


@dataclass(frozen=True, slots=True)
class FlowFault:
    """A flow that failed and is started again: how often in a row, when last, and the kind of its error."""

    failures: int
    at_s: float
    error: str


@dataclass(slots=True)
class StatusBoard:
    """The whole board. Call `changed()` after a word of the `state` document has changed; listeners must not block."""

    cameras: dict[str, CameraBoard] = field(default_factory=dict)
    uploads: UploadBoard = field(default_factory=UploadBoard)
    link: LinkBoard = field(default_factory=LinkBoard)
    drive: DriveReport | None = None
    person: PersonState = PersonState.OFF
    person_detail: str = ""
    drive_pace: DrivePace = DrivePace.OK
    armed: bool = True
    arming: ArmingBoard = field(default_factory=ArmingBoard)
    zones: ZonesBoard = field(default_factory=ZonesBoard)
    sensitivity: SensitivityBoard = field(default_factory=SensitivityBoard)
    last_saved_s: float | None = None
    faults: dict[str, FlowFault] = field(default_factory=dict)
    listeners: list[Callable[[], None]] = field(default_factory=list)

    def changed(self) -> None:
        """Tell every listener that the board changed."""
        for listener in self.listeners:
            listener()
