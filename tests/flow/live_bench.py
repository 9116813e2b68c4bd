"""One camera that can be looked at: its steps, its views and what they save, on a clock that a test moves."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime

from agent.adapters.clip_files_pyav import FragmentMuxer
from agent.domain.clip import ClipReason, SinkChoice
from agent.domain.lease import CameraLease, Cover, DriveRole, Lease, Storage, StorageKind
from agent.flow.live_to_viewer import CameraForLive, LiveView, LiveViews
from agent.flow.status_board import CameraBoard, CameraHealth, StatusBoard
from agent.flow.steps_to_live import StepsToLive
from agent.flow.viewer_to_speaker import ViewerToSpeaker
from agent.ports import FeedStep
from agent.ports.live import LiveMessage
from hardware.camera import EncodedPacket, StreamInfo
from tests.flow.test_motion_to_clip import CAMERA, CLOUD, START, RecordedClip
from tests.manual_clock import ManualClock
from tests.small_video import quiet_then_walker

FEATURES = frozenset({"live_view", "live_view_recording", "extended_live_view"})
MINI = CameraLease("mini", FEATURES, Storage(StorageKind.CLOUD, 60), Cover.PLAN, "plan:1", DriveRole.BACKUP)


@dataclass
class LiveIntake:
    """Keeps every clip that a view opened."""

    fails: Exception | None = None
    clips: list[RecordedClip] = field(default_factory=list)

    async def open(
        self, camera_id: str, reason: ClipReason, captured_at: datetime, stream: StreamInfo, *, clock_trusted: bool
    ) -> RecordedClip:
        assert (camera_id, reason, clock_trusted) == (CAMERA, ClipReason.LIVE_VIEW, True)
        if self.fails is not None:
            raise self.fails
        self.clips.append(RecordedClip(f"clip-{len(self.clips) + 1}", CLOUD, captured_at, stream))
        return self.clips[-1]

    async def keep_photo(
        self, camera_id: str, jpeg: bytes, captured_at: datetime, *, clock_trusted: bool
    ) -> str | None:
        raise AssertionError("no photo here")

    def current_choice(self, camera_id: str) -> SinkChoice:
        return CLOUD


class LiveBench:
    """`play` sends real H.264, 10 pictures a second with a keyframe each second, and moves the clock with it."""

    def __init__(self, *, early: bool = True, talk: ViewerToSpeaker | None = None, codec: str = "h264") -> None:
        self.clock = ManualClock(START)
        self.camera = CameraBoard(CAMERA, "Front door", "mini", "file", health=CameraHealth.OK)
        self.board = StatusBoard(cameras={CAMERA: self.camera})
        self.intake = LiveIntake()
        self.muxers = 0
        self.refuses = ""
        self.steps = StepsToLive(CAMERA, self._fragments)
        self.ways_made = 0
        self.for_live = CameraForLive(self.steps, early, self._make_way, talk)
        self.views = LiveViews(self.board, self.clock, self.intake, {CAMERA: self.for_live}.get)
        self.stream, self.packets = quiet_then_walker(codec)

    def _fragments(self, stream: StreamInfo, first: EncodedPacket) -> FragmentMuxer:
        if self.refuses:
            raise OSError(self.refuses)
        self.muxers += 1
        return FragmentMuxer(stream, first, 0.5, at_keyframes=True)

    def _make_way(self) -> None:
        self.ways_made += 1

    def lease(self, features: frozenset[str] = FEATURES, longest_s: float = 600.0) -> None:
        until_s = int(START.timestamp()) + 86_400
        camera = replace(MINI, features=features)
        self.board.link.lease = Lease(1, 0, 0, until_s, until_s, "account", longest_s, {CAMERA: camera}, "token")

    async def play(self, from_s: float, to_s: float, *, moves_clock: bool = True) -> None:
        """Send the pictures of a span; the 12 s of video are repeated with rising times."""
        unit, count = self.packets[0].duration, len(self.packets)
        for index in range(round(from_s * 10), round(to_s * 10)):
            packet = self.packets[index % count]
            moved = unit * count * (index // count)
            if moves_clock:
                await self.clock.advance(0.1)
            packet = replace(packet, pts=packet.pts + moved, dts=packet.dts + moved)
            await self.steps.take([FeedStep(packet, None)])
        await self.clock.settle()


@dataclass
class Watching:
    """Somebody who takes every message of a view."""

    view: LiveView
    messages: list[LiveMessage] = field(default_factory=list)

    async def run(self) -> None:
        async with aclosing(self.view.messages()) as messages:
            async for message in messages:
                self.messages.append(message)

    def words(self) -> list[str]:
        return [str(each["type"]) for each in self.messages if not isinstance(each, bytes)]

    def last(self) -> LiveMessage:
        return self.messages[-1]

    def pieces(self) -> list[bytes]:
        return [each for each in self.messages if isinstance(each, bytes)]


def video(pieces: Sequence[bytes]) -> bytes:
    return b"".join(piece[1:] for piece in pieces)
