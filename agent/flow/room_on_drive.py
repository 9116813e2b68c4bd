"""Makes room on a drive that is full, where its owner chose that the oldest clips go."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog

from agent.domain.clip import ClipRow, RowPhase
from agent.domain.delivery import Signal
from agent.domain.drive_room import OnDrive, to_overwrite
from agent.flow.clip_moves import ClipMoves
from agent.ports import DriveClip, DriveStore, Ledger
from hardware.drive import DriveGone, DriveReport

SAVED_FOLDER = "saved"
"""What the owner had saved on the drive stays until the owner deletes it."""
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RoomOnDrive:
    """Deletes as many of the oldest clips as a new one needs, so that `reserve_bytes` stay free after it.

    `look` sees the drive now, `DriveGone` when it does not answer; with `overwrites` false nothing is deleted.
    `slack_bytes` is what a clip takes beside its own bytes: folders, whole clusters, the manifest.
    """

    store: DriveStore
    backups: DriveStore
    look: Callable[[], Awaitable[DriveReport]]
    ledger: Ledger
    moves: ClipMoves
    reserve_bytes: int
    overwrites: bool
    slack_bytes: int = 512 * 1024

    async def make(self, needed_bytes: int) -> None:
        """Make room for a clip of the drive's own; does nothing where the drive stops when it is full."""
        if self.overwrites:
            await self._make(needed_bytes, for_backup=False)

    async def make_for_backup(self, needed_bytes: int) -> None:
        """Make room for a backup; `DriveGone` when there is none, which a backup never takes from the reserve."""
        await self._make(needed_bytes, for_backup=True)

    async def _make(self, needed_bytes: int, *, for_backup: bool) -> None:
        report = await self.look()
        missing = self.reserve_bytes + needed_bytes + self.slack_bytes - (report.free_bytes or 0)
        if report.free_bytes is None or missing <= 0:
            return
        clips = await self._clips() if self.overwrites else {}
        chosen = to_overwrite([on_drive for on_drive, _ in clips.values()], missing, for_backup=for_backup)
        if not chosen:
            raise DriveGone("The drive is full: delete clips from it, or put in a larger one.")
        for going in chosen:
            await self._overwrite(clips[_key(going)][1], is_backup=going.is_backup)
        _log.info("clips_overwritten", count=len(chosen), freed_bytes=sum(clip.size_bytes for clip in chosen))

    async def _clips(self) -> dict[tuple[str, bool], tuple[OnDrive, DriveClip]]:
        listed = [(clip, False) for clip in await self.store.listing()]
        listed += [(clip, True) for clip in await self.backups.listing()]
        found = {}
        for clip, is_backup in listed:
            may_go = is_backup or (clip.folder != SAVED_FOLDER and await self._may_go(clip))
            on_drive = OnDrive(clip.clip_id, clip.size_bytes, clip.captured_at, is_backup, may_go)
            found[_key(on_drive)] = (on_drive, clip)
        return found

    async def _may_go(self, clip: DriveClip) -> bool:
        """Say whether the clip's life ended here: one that a lease has still to decide, or that is read, stays."""
        row = await self.ledger.get(clip.clip_id)
        return row is None or (row.phase is RowPhase.STORED_USB and clip.clip_id not in self.moves.in_hand())

    async def _overwrite(self, clip: DriveClip, *, is_backup: bool) -> None:
        """Mark, delete, then clear the path; a row that is marked is taken back later if this ends in between."""
        row = None if is_backup else await self.ledger.get(clip.clip_id)
        if row is not None:
            row = await self.moves.move(clip.clip_id, Signal.OVERWRITTEN)
        await (self.backups if is_backup else self.store).delete(clip)
        if row is not None:
            await self.moves.amend(clip.clip_id, _off_the_drive)


def _off_the_drive(row: ClipRow) -> ClipRow:
    return replace(row, usb_path=None)


def _key(clip: OnDrive) -> tuple[str, bool]:
    return clip.clip_id, clip.is_backup
