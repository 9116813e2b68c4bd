"""One module's keeping, put together on real files, a real ledger and a cloud in memory; only time is made up."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache
from pathlib import Path

from agent.adapters.clip_files_pyav import PyavClipFiles
from agent.adapters.drive_lane_thread import DriveLaneThread
from agent.adapters.drive_store_files import DriveFiles
from agent.adapters.ledger_sqlite import SqliteLedger
from agent.domain.clip import ClipReason, ClipRow, RowPhase
from agent.domain.lease import CameraLease, Cover, DriveRole, Lease, Storage, StorageKind
from agent.domain.spool import SpoolLimits
from agent.flow.check_ledger import check_ledger
from agent.flow.clip_moves import ClipMoves
from agent.flow.clip_to_sink import ClipKeeper
from agent.flow.held_to_sink import HeldToSink
from agent.flow.open_clip import OpenClip
from agent.flow.recover_at_start import RecoverAtStart, Recovery
from agent.flow.spool_room import SpoolRoom
from agent.flow.spool_to_cloud import SpoolToCloud
from agent.flow.spool_to_drive import SpoolToDrive
from agent.flow.status_board import CameraBoard, StatusBoard
from agent.flow.watch_drive import WatchDrive
from agent.ports import ClipFiles
from hardware.camera import EncodedPacket, StreamInfo
from hardware.drives.emulated import EmulatedDrive, EmulatedDriveControl
from tests.adapters.memory_cloud import MemoryCloud
from tests.manual_clock import ManualClock
from tests.small_video import encode, walker

CAMERA = "c0a80101-7b1e-4a55-8d5e-11aa22bb33c1"
MODULE = "5f0c1d5e-0f4f-4c4e-9f0e-2f6f6a1f0a01"
MIB = 1 << 20
ROOMY = SpoolLimits(reserve_bytes=0, budget_bytes=1 << 40)

COVERS = {
    "trial": (StorageKind.CLOUD, Cover.TRIAL, DriveRole.BACKUP),
    "plan": (StorageKind.CLOUD, Cover.PLAN, DriveRole.BACKUP),
    "quota": (StorageKind.QUOTA, Cover.LEGACY_MODEL, DriveRole.OFF),
    "local": (StorageKind.LOCAL, Cover.LOCAL_STORAGE, DriveRole.PRIMARY),
    "none": (StorageKind.NONE, Cover.MODEL_NOT_ELIGIBLE, DriveRole.OFF),
}


@cache
def video(seconds: float = 4.0) -> tuple[StreamInfo, tuple[EncodedPacket, ...]]:
    stream, packets = encode(walker(1.0, seconds, width=160, height=120), seconds, "h264", 10, 1.0, 0)
    return stream, tuple(packets)


def make_lease(cover: str, now: datetime, seq: int, cameras: Sequence[str] = (CAMERA,)) -> Lease:
    kind, why, drive = COVERS[cover]
    camera = CameraLease("mini", frozenset({"photo_capture"}), Storage(kind), why, f"{why.value}:1", drive)
    at_s = int(now.timestamp())
    day = 86_400
    return Lease(
        seq, at_s, at_s, at_s + day, at_s + 7 * day, "account", 60, dict.fromkeys(cameras, camera), f"token-{seq}"
    )


class Module:
    """Everything that keeps, as the composition root would wire it."""

    def __init__(
        self, folder: Path, ledger: SqliteLedger, cloud: MemoryCloud, limits: SpoolLimits, files: ClipFiles | None
    ) -> None:
        self.clock = ManualClock()
        self.board = StatusBoard()
        self.board.cameras[CAMERA] = CameraBoard(CAMERA, "Front door", "mini", "emulated")
        self.ledger = ledger
        self.cloud = cloud
        self.files = files or PyavClipFiles(folder / "spool")
        self.control = EmulatedDriveControl(folder / "usb")
        self.drive = EmulatedDrive(folder / "usb", reserve_bytes=1000)
        self.lane = DriveLaneThread(self.clock)
        self.store = DriveFiles(self.drive.look, MODULE, lambda _camera: "Front door", self.lane)
        self.moves = ClipMoves(ledger=ledger, files=self.files, clock=self.clock, board=self.board)
        self.room = SpoolRoom(
            ledger=ledger, files=self.files, moves=self.moves, clock=self.clock, board=self.board, limits=limits
        )
        self.keeper = ClipKeeper(
            moves=self.moves, ledger=ledger, files=self.files, room=self.room, clock=self.clock, board=self.board
        )
        self.sender = SpoolToCloud(
            ledger=ledger,
            files=self.files,
            uploads=cloud,
            moves=self.moves,
            clock=self.clock,
            board=self.board,
            jitter=lambda: 1.0,
            drive=self.store,
            piece_bytes=4000,
        )
        self.copier = SpoolToDrive(
            ledger=ledger, files=self.files, store=self.store, moves=self.moves, clock=self.clock, board=self.board
        )
        self.decider = HeldToSink(ledger=ledger, moves=self.moves, clock=self.clock, board=self.board)
        self.watcher = WatchDrive(
            drive=self.drive, lane=self.lane, moves=self.moves, clock=self.clock, board=self.board
        )
        self._seq = 0

    def take_lease(self, cover: str, cameras: Sequence[str] = (CAMERA,)) -> Lease:
        self._seq += 1
        lease = self.board.link.lease = make_lease(cover, self.clock.now(), self._seq, cameras)
        self.board.changed()
        return lease

    async def open(self, reason: ClipReason = ClipReason.MOTION) -> OpenClip:
        return await self.keeper.open(CAMERA, reason, self.clock.now(), video()[0], clock_trusted=True)

    async def record(self, packets: int = 40) -> ClipRow:
        """Record one clip whole and return its row."""
        clip = await self.open()
        await clip.write(video()[1][:packets])
        await clip.close()
        return await self.row(clip.clip_id)

    async def row(self, clip_id: str) -> ClipRow:
        row = await self.ledger.get(clip_id)
        assert row is not None
        return row

    async def send_all(self) -> None:
        """Send until the sender has nothing to do but wait."""
        for _ in range(300):
            wait_s = await self.sender.step()
            if wait_s is None or wait_s > 0:
                return
        raise AssertionError("the sender never rests")

    async def recover(self, adopt_camera_id: str | None = None) -> Recovery:
        return await RecoverAtStart(
            ledger=self.ledger,
            files=self.files,
            moves=self.moves,
            clock=self.clock,
            adopt_camera_id=adopt_camera_id,
        ).run()

    async def events(self, topic: str = "event/clip") -> list[dict[str, object]]:
        return [dict(payload) for _, found, payload in await self.ledger.next_events(1000) if found == topic]

    async def findings(self) -> list[str]:
        return await check_ledger(self.ledger, self.files)

    async def spool_is_empty(self) -> bool:
        return not await self.files.listing()

    async def phases(self) -> list[RowPhase]:
        return [row.phase for row in reversed(await self.ledger.newest(100))]


@asynccontextmanager
async def module(
    folder: Path, *, cloud: MemoryCloud | None = None, limits: SpoolLimits = ROOMY, files: ClipFiles | None = None
) -> AsyncIterator[Module]:
    """Open a module's keeping over `folder`; opening it again is a restart."""
    ledger = await SqliteLedger(folder / "ledger.sqlite").open()
    try:
        yield Module(folder, ledger, cloud or MemoryCloud(), limits, files)
    finally:
        await ledger.close()
