"""Reads the board's times and judges the module's health from them."""

from agent.domain.clip import RowPhase
from agent.domain.health import CameraVitals, Health, HealthLimits, Vitals, judge
from agent.domain.upload_order import CLOUD_SINKS
from agent.flow.status_board import CameraHealth, StatusBoard
from agent.ports import ClipFiles, Clock, Ledger


class BoardHealth:
    """Knows how to judge this module. `reserve_bytes` is what the settings keep free on the module's own disk."""

    def __init__(
        self,
        *,
        board: StatusBoard,
        ledger: Ledger,
        files: ClipFiles,
        clock: Clock,
        reserve_bytes: int,
        limits: HealthLimits | None = None,
    ) -> None:
        self._board = board
        self._ledger = ledger
        self._files = files
        self._clock = clock
        self._reserve_bytes = reserve_bytes
        self._limits = limits or HealthLimits()
        self._started_s = clock.monotonic()
        self._waiting = _Since()
        self._recording = _Since()

    async def vitals(self) -> Vitals:
        """Gather what health is judged from, now."""
        board, now_s = self._board, self._clock.monotonic()
        counts = await self._ledger.counts()
        for_cloud = await self._ledger.in_phases([RowPhase.SPOOLED], 1, sinks=CLOUD_SINKS)
        return Vitals(
            cameras=self._cameras(now_s),
            saved_age_s=_age(board.last_saved_s, now_s),
            unsaved_s=self._recording.lasts_s(counts.get(RowPhase.RECORDING, 0), board.last_saved_s, now_s),
            uploaded_age_s=_age(board.uploads.stored_s, now_s),
            upload_waiting_s=self._waiting.lasts_s(len(for_cloud), board.uploads.stored_s, now_s),
            lease_age_s=_age(board.link.lease_taken_s, now_s),
            lease_state=board.link.lease_state,
            refused_lease=board.link.refused_lease,
            broker_connected=board.link.connected,
            clock_trusted=self._clock.trusted(),
            drive_state=None if board.drive is None else board.drive.state.value,
            disk_free_bytes=await self._files.free_bytes(),
            disk_reserve_bytes=self._reserve_bytes,
            drive_pace=board.drive_pace,
            failed_flows=tuple(sorted(board.faults)),
        )

    async def judge(self) -> tuple[Vitals, Health]:
        """Gather and judge."""
        vitals = await self.vitals()
        return vitals, judge(vitals, self._limits)

    def _cameras(self, now_s: float) -> tuple[CameraVitals, ...]:
        return tuple(
            CameraVitals(
                camera_id=camera.camera_id,
                name=camera.name,
                frame_age_s=now_s - (self._started_s if camera.last_frame_s is None else camera.last_frame_s),
                refused=camera.health is CameraHealth.REFUSED,
            )
            for camera in self._board.cameras.values()
        )


class _Since:
    """For how long something has been there without progress, as seen by who asks now and then."""

    def __init__(self) -> None:
        self._seen_s: float | None = None

    def lasts_s(self, count: int, progress_s: float | None, now_s: float) -> float | None:
        """Count from when it was first seen, or from the last progress after that; `None` while there is none."""
        if count == 0:
            self._seen_s = None
            return None
        if self._seen_s is None:
            self._seen_s = now_s
        return now_s - max(self._seen_s, progress_s or 0.0)


def _age(at_s: float | None, now_s: float) -> float | None:
    return None if at_s is None else max(0.0, now_s - at_s)
