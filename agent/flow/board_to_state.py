"""From the status board and the ledger to the `state` document."""

from collections.abc import Callable

from agent.domain.clip import SinkChoice
from agent.domain.snooze import snoozed_until
from agent.domain.state_document import (
    NO_DRIVE,
    CameraWords,
    DriveWords,
    ModuleWords,
    SensitivityWords,
    ZonesWords,
    state_document,
)
from agent.domain.zones import NO_ZONES, ZoneKind
from agent.flow.status_board import CameraBoard, StatusBoard, ZonesBoard
from agent.ports import Clock, Ledger
from hardware.drive import DriveReport


class StateWriter:
    """Makes the document. `current_choice` says where a clip of a camera would go now (ClipIntake.current_choice)."""

    def __init__(
        self,
        *,
        board: StatusBoard,
        ledger: Ledger,
        clock: Clock,
        software: str,
        spool_budget_bytes: int,
        current_choice: Callable[[str], SinkChoice],
    ) -> None:
        self._board = board
        self._ledger = ledger
        self._clock = clock
        self._software = software
        self._spool_budget_bytes = spool_budget_bytes
        self._current_choice = current_choice

    async def document(self) -> dict[str, object]:
        """Return the whole document as of now; OSError when the ledger cannot be read."""
        counts = await self._ledger.counts()
        used_bytes = await self._ledger.spool_bytes()
        board = self._board
        return state_document(
            ModuleWords(
                session=board.link.session,
                at=self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                clock_trusted=self._clock.trusted(),
                software=self._software,
                armed=board.armed,
                arming=board.arming.now,
                schedule=board.arming.schedule,
                lease=board.link.lease,
                lease_state=board.link.lease_state,
                drive=_drive(board.drive),
                spool_used_bytes=used_bytes,
                spool_budget_bytes=self._spool_budget_bytes,
                counts=counts,
                person=board.person,
                person_detail=board.person_detail,
                cameras={camera_id: self._camera(camera) for camera_id, camera in board.cameras.items()},
            )
        )

    def _camera(self, camera: CameraBoard) -> CameraWords:
        stream, arming = camera.stream, self._board.arming
        snoozed = snoozed_until(arming.snoozed.get(camera.camera_id), self._clock.now())
        sensitivity = self._board.sensitivity.of(camera.camera_id)
        return CameraWords(
            name=camera.name,
            proposed_model=camera.proposed_model,
            source_kind=camera.source_kind,
            phase=str(camera.phase),
            health=camera.health.value,
            detail=camera.detail,
            width=stream.width if stream else None,
            height=stream.height if stream else None,
            fps=stream.nominal_fps if stream else None,
            codec=stream.codec if stream else None,
            choice=self._current_choice(camera.camera_id),
            motion_on=camera.camera_id not in arming.switched_off,
            snoozed_until=None if snoozed is None else snoozed.isoformat(timespec="seconds").replace("+00:00", "Z"),
            continuous=camera.continuous,
            zones=_zones(self._board.zones, camera.camera_id),
            sensitivity=SensitivityWords(sensitivity.level, sensitivity.set_by.value),
        )


def _zones(board: ZonesBoard, camera_id: str) -> ZonesWords:
    zones = board.cameras.get(camera_id, NO_ZONES)
    return ZonesWords(
        version=zones.version,
        activity=len(zones.of(ZoneKind.ACTIVITY)),
        only_here=len(zones.of(ZoneKind.ONLY_HERE)),
        privacy=len(zones.of(ZoneKind.PRIVACY)),
        stored_every=board.every.get(camera_id, 1),
    )


def _drive(report: DriveReport | None) -> DriveWords:
    if report is None:
        return NO_DRIVE
    return DriveWords(
        state=report.state.value,
        detail=report.detail,
        uuid=report.uuid,
        file_system=report.file_system,
        size_bytes=report.size_bytes,
        free_bytes=report.free_bytes,
    )
