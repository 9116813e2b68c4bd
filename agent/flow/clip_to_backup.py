"""One clip onto the drive's backup: from the spool while it stands there, else fetched back from the cloud."""

from dataclasses import dataclass
from typing import Final

import structlog

from agent.domain.clip import ClipRow, RowPhase
from agent.errors import TryLater
from agent.flow.clip_moves import ClipMoves
from agent.flow.room_on_drive import RoomOnDrive
from agent.ports import ClipFiles, ClipMedia, DriveStore, FetchedFiles

FOLDER: Final = ""
"""Day folders stand in the backup's own folder directly."""
PIECE_BYTES: Final = 512 * 1024
_log = structlog.get_logger()


class NotYetError(Exception):
    """A clip that is not whole yet, or not in the cloud yet: the next backup looks at it again."""


@dataclass(frozen=True, slots=True)
class ClipToBackup:
    """Copies one clip at a time. `spool_reserve_bytes` stay free on the module's own disk, where a clip is fetched."""

    files: ClipFiles
    media: ClipMedia
    fetched: FetchedFiles
    backups: DriveStore
    room: RoomOnDrive
    moves: ClipMoves
    spool_reserve_bytes: int

    async def copy(self, row: ClipRow) -> None:
        """Copy a clip; one that stands on the drive whole already is left as it is.

        `NotYetError` for a clip that the next backup looks at again, `Refused` for one that the cloud has no more;
        `TryLater` and `DriveGone` concern every clip.
        """
        if row.size_bytes is None or row.sha256 is None:
            raise NotYetError
        await self.room.make_for_backup(row.size_bytes)
        if await self._copied_from_spool(row):
            return
        if row.phase is not RowPhase.STORED_CLOUD:
            raise NotYetError
        await self._fetch(row)
        await self.backups.put(row, self.fetched.locate(row.clip_id), FOLDER)
        await self.fetched.discard(row.clip_id)

    async def _copied_from_spool(self, row: ClipRow) -> bool:
        if row.path is None:
            return False
        await self.moves.take_in_hand(row.clip_id)
        try:
            await self.backups.put(row, self.files.locate(row.path), FOLDER)
        except FileNotFoundError:
            return False  # delivered just now
        except OSError as error:
            _log.warning("backup_of_unreadable_clip", clip_id=row.clip_id, problem=error.strerror)
            raise NotYetError from error
        finally:
            self.moves.let_go(row.clip_id)
        return True

    async def _fetch(self, row: ClipRow) -> None:
        """Fetch what is missing of a clip, piece by piece; what was fetched before a cut is not fetched again."""
        size = row.size_bytes or 0
        if await self.files.free_bytes() - size < self.spool_reserve_bytes:
            raise TryLater("This module's own disk has no room to fetch a clip.")
        at = await self.fetched.begin(row.clip_id)
        while at < size:
            piece = await self.media.piece(row.clip_id, at, min(PIECE_BYTES, size - at))
            await self.fetched.write(row.clip_id, at, piece)
            at += len(piece)
        if await self.fetched.whole(row.clip_id) != (size, row.sha256):
            await self.fetched.discard(row.clip_id)
            _log.warning("backup_fetched_other_bytes", clip_id=row.clip_id)
            raise NotYetError
