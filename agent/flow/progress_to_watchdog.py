"""Feeds the service manager's watchdog with real progress, and with nothing else."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from agent.domain.clip import RowPhase
from agent.domain.upload_order import CLOUD_SINKS
from agent.flow.status_board import CameraBoard, CameraHealth, StatusBoard
from agent.ports import Clock, Ledger

log = structlog.get_logger()
FED_PER_LIMIT = 3
"""Three feeds fit into the manager's limit: one may be late and one lost."""


class ServiceManager(Protocol):
    """Who started this process and waits for its signs (agent.adapters.watchdog_systemd)."""

    @property
    def watchdog_s(self) -> float | None:
        """Seconds within which a sign is due, or `None` when nobody waits."""

    def ready(self) -> None:
        """Say that start-up is over."""

    def status(self, sentence: str) -> None:
        """Set the status line."""

    def watchdog(self) -> None:
        """Say that real progress was made."""

    def stopping(self) -> None:
        """Say that the service goes down on purpose."""


@dataclass(frozen=True, slots=True)
class ProgressLimits:
    """How long a flow may stand still before it counts as hung, in seconds.

    `camera_s` covers the longest pause between two tries of a lost camera (60 s, jittered by half), opening (10 s) and
    the first packet (6 s), with room; `uploader_s` the longest pause a cloud may ask the uploader for (an hour).
    """

    camera_s: float = 180.0
    uploader_s: float = 4500.0


def hung_cameras(cameras: Sequence[CameraBoard], started_s: float, now_s: float, limit_s: float) -> list[str]:
    """Name the cameras whose flow made no progress: neither a frame nor a try to get one back.

    An unplugged or refused camera is tried again and again, which is progress.
    """
    return [
        camera.name
        for camera in cameras
        if now_s - max(started_s, camera.last_frame_s or 0.0, camera.attempt_s or 0.0) > limit_s
    ]


class ProgressToWatchdog:
    """Tells the service manager that the agent is ready, and feeds its watchdog while everything makes progress.

    `at_rest(camera_id)` says that a camera's flow has ended by itself: a video file that is not looped.
    """

    def __init__(
        self,
        *,
        manager: ServiceManager,
        board: StatusBoard,
        ledger: Ledger,
        clock: Clock,
        limits: ProgressLimits | None = None,
        at_rest: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._at_rest = at_rest
        self._manager = manager
        self._board = board
        self._ledger = ledger
        self._clock = clock
        self._limits = limits or ProgressLimits()
        self._started_s = clock.monotonic()
        self._waiting_since_s: float | None = None
        self._hung: list[str] = []

    async def run(self) -> None:
        """Announce readiness, then feed for ever; cancelled when the agent stops, which is announced too."""
        self._manager.ready()
        every_s = min(10.0, (self._manager.watchdog_s or 30.0) / FED_PER_LIMIT)
        try:
            while True:
                await self.look()
                await self._clock.sleep(every_s)
        except asyncio.CancelledError:
            self._manager.stopping()  # a fault of this flow is no stop: it starts again, and feeds nothing until then
            raise

    async def look(self) -> list[str]:
        """Feed once if nothing hangs; return what hangs. The ledger's answer is itself progress: none is none."""
        now_s = self._clock.monotonic()
        watched = [camera for camera in self._board.cameras.values() if not self._at_rest(camera.camera_id)]
        hung = hung_cameras(watched, self._started_s, now_s, self._limits.camera_s)
        try:
            counts = await self._ledger.counts()
            if self._uploader_stands_still(counts.get(RowPhase.SPOOLED, 0), now_s) and await self._cloud_clips_wait():
                hung.append("uploads")
        except OSError:
            hung.append("ledger")
        if hung != self._hung:
            log.error("progress_stopped", hung=hung) if hung else log.info("progress_goes_on")
            self._hung = hung
        if not hung:
            self._manager.watchdog()
        self._manager.status(self._sentence(hung))
        return hung

    async def _cloud_clips_wait(self) -> bool:
        """Say whether any of the waiting clips is the uploader's at all, and not the drive's."""
        return bool(await self._ledger.in_phases([RowPhase.SPOOLED], 1, sinks=CLOUD_SINKS))

    def _uploader_stands_still(self, waiting: int, now_s: float) -> bool:
        """Say whether clips wait and the uploader has not even tried; a cloud that is away is tried, so it is fine."""
        if waiting == 0:
            self._waiting_since_s = None
            return False
        if self._waiting_since_s is None:
            self._waiting_since_s = now_s
        return now_s - max(self._waiting_since_s, self._board.uploads.attempt_s or 0.0) > self._limits.uploader_s

    def _sentence(self, hung: Sequence[str]) -> str:
        if hung:
            return f"No progress: {', '.join(hung)}"
        cameras = list(self._board.cameras.values())
        seeing = sum(camera.health is CameraHealth.OK for camera in cameras)
        lease = self._board.link.lease_state.value
        return f"{seeing} of {len(cameras)} cameras, lease {lease}, broker {_word(yes=self._board.link.connected)}"


def _word(*, yes: bool) -> str:
    return "connected" if yes else "away"
