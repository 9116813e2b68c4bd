"""Clips of the cloud onto the drive once a day, from the spool while they stand there, else fetched back (R094)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog

from agent.domain.backup import (
    BackupState,
    BackupTimes,
    backup_state,
    is_backed_up,
    times_from_json,
    times_to_json,
)
from agent.domain.clip import ClipRow, RowPhase, Sink
from agent.domain.drive_pace import DrivePace
from agent.domain.lease import lease_state
from agent.domain.sink import DRIVE_USABLE
from agent.errors import Refused, TryLater
from agent.flow.clip_moves import ClipMoves, wire_time
from agent.flow.clip_to_backup import ClipToBackup, NotYetError
from agent.flow.status_board import StatusBoard
from agent.ports import Clock, DriveStore, Ledger, ModuleState
from hardware.drive import DriveGone

KEPT_NAME: Final = "drive_backup"
LOOK_EVERY_S: Final = 30.0
AGAIN_AFTER_S: Final = 600.0
"""After a cloud that is away or a drive that is full."""
PRIMARY_WAIT_S: Final = 5.0
PAGE: Final = 200
DRIVES_KEPT: Final = 8
_log = structlog.get_logger()


@dataclass(slots=True)
class _Run:
    """One backup under way: what stands on the drive, how many came and went, and from where the next one looks."""

    on_drive: set[str]
    since: str
    copied: int = 0
    gone: int = 0
    waits_from: str | None = None


class ClipsToBackup:
    """Makes the backup, one clip at a time; clips that have no other store than the drive always go first.

    The 24 h count from a drive's first insertion, which is kept over restarts by its UUID; a drive that is put back
    resumes. A clip without a trusted time cannot be said to be made since, and is left to the cloud.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        backups: DriveStore,
        copy: ClipToBackup,
        moves: ClipMoves,
        state: ModuleState,
        clock: Clock,
        board: StatusBoard,
    ) -> None:
        self._ledger = ledger
        self._backups = backups
        self._copy = copy
        self._moves = moves
        self._state = state
        self._clock = clock
        self._board = board
        self._kept: dict[str, BackupTimes] | None = None
        self._seen_s: dict[str, float] = {}
        self._not_before_s = 0.0
        self.word = BackupState.NO_DRIVE

    async def run(self) -> None:
        """Look every half minute, for ever."""
        while True:
            try:
                await self.step()
            except OSError as error:
                _log.warning("backup_waits_for_the_disk", problem=str(error))
            await self._clock.sleep(LOOK_EVERY_S)

    async def step(self) -> None:
        """Note an insertion, and make the backup if it is due."""
        uuid = self._usable_uuid()
        times = None if uuid is None else await self._times(uuid)
        now_s = self._clock.now().timestamp()
        lease = self._board.link.lease
        self.word = backup_state(
            lease, lease_state(lease, now_s), drive_usable=uuid is not None, times=times, now_s=now_s
        )
        if uuid is None or times is None or self.word is not BackupState.DUE:
            return
        if self._clock.monotonic() < self._not_before_s:
            return
        try:
            run = await self._back_up(times)
        except (DriveGone, TryLater, Refused) as error:
            _log.info("backup_waits", reason=str(error))
            self._not_before_s = self._clock.monotonic() + AGAIN_AFTER_S
            return
        await self._keep(uuid, times.ended(now_s, run.waits_from or run.since))
        _log.info("backup_made", copied=run.copied, gone_from_cloud=run.gone)
        await self._moves.tell_storage("backup", "backed_up", f"{run.copied} clips were copied to the drive.")

    def _usable_uuid(self) -> str | None:
        report = self._board.drive
        if report is None or report.state.value != DRIVE_USABLE or self._board.drive_pace is not DrivePace.OK:
            return None
        return report.uuid

    async def _times(self, uuid: str) -> BackupTimes | None:
        """Return what is kept of a drive; a new one is noted with the time of its insertion, once that is known."""
        kept = await self._load()
        if uuid in kept:
            return kept[uuid]
        seen_s = self._seen_s.setdefault(uuid, self._clock.monotonic())
        if not self._clock.trusted():
            return None
        inserted_s = self._clock.now().timestamp() - (self._clock.monotonic() - seen_s)
        times = BackupTimes(inserted_s, wire_time(datetime.fromtimestamp(inserted_s, UTC)))
        await self._keep(uuid, times)
        _log.info("backup_counts_from", uuid=uuid, inserted_at=times.since)
        return times

    async def _load(self) -> dict[str, BackupTimes]:
        if self._kept is None:
            value = await self._state.load_kept(KEPT_NAME)
            found = value if isinstance(value, dict) else {}
            self._kept = {uuid: times for uuid, one in found.items() if (times := times_from_json(one)) is not None}
        return self._kept

    async def _keep(self, uuid: str, times: BackupTimes) -> None:
        kept = {name: one for name, one in (await self._load()).items() if name != uuid}
        kept = {**dict(list(kept.items())[-(DRIVES_KEPT - 1) :]), uuid: times}
        await self._state.save_kept(KEPT_NAME, {name: times_to_json(one) for name, one in kept.items()})
        self._kept = kept

    async def _back_up(self, times: BackupTimes) -> _Run:
        """Copy what is missing, oldest first."""
        run = _Run({clip.clip_id for clip in await self._backups.listing()}, wire_time(times.looked_from()))
        page = await self._ledger.cloud_clips_since(run.since, PAGE)
        while page:
            for row in page:
                await self._one(row, run)
                run.since = row.captured_at
            looked = {row.clip_id for row in page}
            page = [row for row in await self._ledger.cloud_clips_since(run.since, PAGE) if row.clip_id not in looked]
        return run

    async def _one(self, row: ClipRow, run: _Run) -> None:
        lease = self._board.link.lease
        if lease is None:
            raise TryLater("There is no lease any more.")
        if row.clip_id in run.on_drive or not is_backed_up(row, lease):
            return
        await self._after_primary_work()
        try:
            await self._copy.copy(row)
        except NotYetError:
            run.waits_from = run.waits_from or row.captured_at
        except Refused as error:
            run.gone += 1
            _log.info("clip_not_backed_up", clip_id=row.clip_id, reason=error.code)
        else:
            run.copied += 1
            run.on_drive.add(row.clip_id)

    async def _after_primary_work(self) -> None:
        """Wait while clips stand in the spool whose only store is the drive, and while the drive is slow."""
        while self._usable_uuid() is not None and await self._ledger.in_phases([RowPhase.SPOOLED], 1, sinks=[Sink.USB]):
            await self._clock.sleep(PRIMARY_WAIT_S)
        if self._usable_uuid() is None:
            raise DriveGone("The drive went away, or is slow.")
