"""A module as its diagnostics see it: a filled board, a real ledger, a real spool, and painted pictures."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from aiohttp import web

from agent.adapters.camera_feed_pyav.replay_file import ThreadReplayer
from agent.adapters.clip_files_pyav import PyavClipFiles
from agent.adapters.clock_system import SystemClock
from agent.adapters.fetched_file import FetchedFile
from agent.adapters.lease_verifier_jwt import JwtLeaseVerifier
from agent.adapters.ledger_sqlite import SqliteLedger
from agent.adapters.module_state_files import ModuleStateFiles
from agent.adapters.motion_why_files import FileMotionWhys
from agent.composition.arming import arming_acts
from agent.composition.sensitivity import sensitivity_acts
from agent.composition.zones import zones_acts
from agent.domain.clip import (
    BlockedBy,
    ClipReason,
    ClipRow,
    MediaKind,
    RowPhase,
    Sink,
    SinkChoice,
    SinkReason,
)
from agent.domain.lease import LeaseState
from agent.flow.board_to_health import BoardHealth
from agent.flow.clip_replay import ClipReplays
from agent.flow.clock_to_arming import ClockToArming
from agent.flow.commands import CommandAct, CommandActs
from agent.flow.drive_clips import DriveClips
from agent.flow.live_to_viewer import CameraForLive, LiveViews
from agent.flow.motion_to_why import MotionToWhy
from agent.flow.sensitivity_to_cameras import SensitivityToCameras
from agent.flow.status_board import CameraBoard, CameraHealth, StatusBoard
from agent.flow.zones_to_cameras import ZonesToCameras
from agent.ports import DriveStore
from agent.ports.why import Replayer
from agent.vision.detector import MINIMUM_AREA
from agent.vision.motion import MotionReading
from agent.web.app import diagnostics_app
from agent.web.changes import Changes
from agent.web.lock import Lock
from agent.web.status_document import DiagnosticsSource
from agent.web.why import WhyRoutes
from hardware.camera import StreamInfo
from hardware.drive import DriveReport, DriveState
from tests.flow.live_bench import LiveIntake
from tests.manual_clock import ManualClock

GOLDEN = json.loads((Path(__file__).parents[2] / "contract" / "lease_v1.json").read_text())
CAMERAS = tuple(GOLDEN["claims"]["cameras"])
KEY = "an-example-key"
NAMES = ("Front door", "Garden shed", "Attic")
MODELS = ("mini", "xt2", "outdoor_gen3")
CHOICES = (
    SinkChoice(Sink.CLOUD, SinkReason.TRIAL, None, "trial:77", 7),
    SinkChoice(Sink.QUOTA, SinkReason.LEGACY_MODEL, None, "legacy_model:2", 7),
    SinkChoice(Sink.NONE, SinkReason.NOT_ENTITLED, BlockedBy.DRIVE_ABSENT, None, 7),
)
STREAM = StreamInfo("h264", 1280, 720, Fraction(1, 90_000), 15.0, b"")
USB = SinkChoice(Sink.USB, SinkReason.LOCAL_STORAGE, None, None, 7)
HELD = SinkChoice(Sink.HELD, SinkReason.GRACE_OVER, None, None, 6)
PHASES = (
    (RowPhase.RECORDING, CHOICES[0]),
    (RowPhase.SPOOLED, CHOICES[1]),
    (RowPhase.NOT_KEPT, CHOICES[2]),
    (RowPhase.STORED_CLOUD, CHOICES[0]),
    (RowPhase.HELD, HELD),
    (RowPhase.STORED_USB, USB),
    (RowPhase.LOST, CHOICES[0]),
)


def painted(number: int, tick: int, width: int) -> bytes:
    """Paint a small garden with somebody walking through it."""
    picture = np.zeros((360, 640, 3), np.uint8)
    picture[:200] = (170 - 30 * number, 140, 120)
    picture[200:] = (60, 110 - 20 * number, 70)
    cv2.rectangle(picture, (420, 120), (560, 260), (70, 80, 110), -1)
    cv2.circle(picture, (60 + tick * 9 % 520, 210), 16, (60, 70, 190), -1)
    scaled = cv2.resize(picture, (width, width * 360 // 640))
    return bytes(cv2.imencode(".jpg", scaled)[1])


class Scene:
    """Everything a test wants to change; `serve` answers on a free loopback port."""

    def __init__(self, ledger: SqliteLedger, folder: Path) -> None:
        self.ledger, self.clock, self.board = ledger, SystemClock(trust_wall_clock=True), StatusBoard()
        self.lock = Lock(KEY, self.clock)
        self.drive_clips: DriveClips | None = None
        self.drive_acts: Mapping[str, CommandAct] = {}
        self.arming = ClockToArming(board=self.board, state=ModuleStateFiles(folder / "state"), clock=self.clock)
        state = ModuleStateFiles(folder / "state")
        self.zones = ZonesToCameras(board=self.board, state=state, renew=self.renew)
        self.sensitivity = SensitivityToCameras(board=self.board, state=state)
        self.renewed: list[str] = []
        self.live_clock = ManualClock(self.clock.now())
        self.live_intake = LiveIntake()
        self.live_cameras: dict[str, CameraForLive] = {}
        self.views = LiveViews(self.board, self.live_clock, self.live_intake, self.live_cameras.get)
        self.files = PyavClipFiles(folder / "spool")
        self.folder = folder
        self.pictures, self.no_picture = 0, set[str]()
        self.whys = MotionToWhy(self.board, FileMotionWhys(folder / "motion"))
        self.replays = self.with_replayer(ThreadReplayer(self.clock.monotonic))
        self.source = DiagnosticsSource(
            board=self.board,
            ledger=ledger,
            files=self.files,
            clock=self.clock,
            health=BoardHealth(
                board=self.board, ledger=ledger, files=self.files, clock=self.clock, reserve_bytes=1_000_000
            ),
            name="Garage",
            software="veilleur-agent 0.1.0",
            reserve_bytes=1_000_000,
            spool_budget_bytes=2_147_483_648,
        )

    def fill(self) -> None:
        """Put three cameras, a lease, a drive and a broker on the board."""
        now_s = self.clock.monotonic()
        for camera_id, name, model, choice in zip(CAMERAS, NAMES, MODELS, CHOICES, strict=True):
            camera = CameraBoard(camera_id, name, model, "emulated", health=CameraHealth.OK, stream=STREAM)
            camera.choice, camera.frames, camera.last_frame_s = choice, 1234, now_s + 3600
            camera.reading = MotionReading(
                1.0, moving=False, light_change=False, area=0.01, box=None, score=0.2, threshold=1.0
            )
            self.board.cameras[camera_id] = camera
        self.board.cameras[CAMERAS[0]].phase = "recording"
        keys = {key["kid"]: key["public_key"] for key in GOLDEN["keys"]}
        verifier = JwtLeaseVerifier(keys, issuer="veilleur-cloud", module_id=GOLDEN["claims"]["aud"])
        at = int(self.clock.now().timestamp())
        self.board.link.lease = replace(
            verifier.verify(GOLDEN["token"]), issued_at_s=at, expires_at_s=at + 86_400, grace_until_s=at + 8 * 86_400
        )
        self.board.link.lease_state = LeaseState.IN_FORCE
        self.board.link.connected = True
        self.board.link.lease_taken_s = self.board.uploads.stored_s = self.board.last_saved_s = now_s
        self.board.drive = DriveReport(
            DriveState.USABLE, "", uuid="1234-ABCD", file_system="exfat", size_bytes=32 * 10**9, free_bytes=31 * 10**9
        )

    def lose(self, number: int) -> None:
        """Let one camera go away."""
        camera = self.board.cameras[CAMERAS[number]]
        camera.health, camera.last_frame_s = CameraHealth.LOST, self.clock.monotonic() - 95
        camera.detail = "The camera does not answer: check its power and its address."

    async def keep(self, number: int, phase: RowPhase, **changes: object) -> ClipRow:
        """Enter one clip of the ledger."""
        captured = self.clock.now() - timedelta(minutes=7 * number)
        row = ClipRow(
            clip_id=f"d1d2d3d4-1111-4222-8333-{number:012d}",
            camera_id=CAMERAS[number % 3],
            kind=MediaKind.CLIP,
            clip_reason=ClipReason.MOTION,
            phase=phase,
            choice=CHOICES[number % 3],
            captured_at=captured.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            clock_trusted=number != 4,
            path=None,
            duration_ms=None if phase is RowPhase.RECORDING else 8000 + number * 1000,
            size_bytes=None if phase is RowPhase.RECORDING else 3_145_728,
            lost_because="its file was damaged by a power cut" if phase is RowPhase.LOST else None,
        )
        row = replace(row, **changes)  # type: ignore[arg-type]  # a test names fields of the row
        await self.ledger.insert(row)
        return row

    async def keep_all(self) -> None:
        """Enter one clip of every phase, the newest last."""
        for number in reversed(range(len(PHASES))):
            phase, choice = PHASES[number]
            await self.keep(number, phase, choice=choice)

    async def renew(self, camera_id: str) -> None:
        """Note that a camera was to start anew."""
        self.renewed.append(camera_id)

    async def latest_jpeg(self, camera_id: str, max_width: int) -> bytes | None:
        """Paint the next picture, unless the camera shows none."""
        if camera_id in self.no_picture:
            return None
        self.pictures += 1
        return painted(CAMERAS.index(camera_id), self.pictures, max_width)

    def with_replayer(self, replayer: Replayer, drive: DriveStore | None = None) -> ClipReplays:
        """Replay by this one from now on."""
        self.replays = ClipReplays(
            ledger=self.ledger,
            files=self.files,
            board=self.board,
            replayer=replayer,
            standard_area=MINIMUM_AREA,
            drive=drive,
            aside=FetchedFile(self.folder / "replayed"),
        )
        return self.replays

    def app(self) -> web.Application:
        """Make the application over all this."""
        of_cameras = {**zones_acts(self.zones), **sensitivity_acts(self.sensitivity)}
        changes = Changes(self.lock, CommandActs({**arming_acts(self.arming), **of_cameras, **self.drive_acts}))
        why = WhyRoutes(self.whys, self.replays, self.ledger, changes)
        return diagnostics_app(self.source, self.latest_jpeg, changes, self.views, self.drive_clips, why)


def moment(text: str) -> datetime:
    """Read an RFC 3339 time."""
    return datetime.fromisoformat(text)
