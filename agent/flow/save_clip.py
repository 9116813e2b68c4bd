"""From the owner's wish to a clip on the drive: fetched from the cloud, written, read back, answered with its hash."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import structlog

from agent.domain.clip import ENDED_PHASES, ClipRow
from agent.domain.saved_clip import SavedClip, read_clip
from agent.errors import BadInput, Refused, TryLater
from agent.flow.clip_moves import ClipMoves
from agent.ports import ClipFiles, ClipMedia, Clock, DriveStore, FetchedFiles, Ledger
from hardware.drive import DriveGone, DriveReport, DriveState

SAVED_FOLDER: Final = "saved"
PIECE_BYTES: Final = 512 * 1024
AGAIN_AFTER_S: Final = (1.0, 2.0, 5.0, 10.0)
"""After a cut the next piece is asked for again; after so many in a row the whole command is tried later."""
LONGEST_S: Final = 280.0
"""The cloud waits 300 s for the result."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SavingPlace:
    """The drive's store, how to look at the drive (`DriveGone` when it does not answer), and what stays free on it."""

    store: DriveStore
    look: Callable[[], Awaitable[DriveReport]]
    reserve_bytes: int


@dataclass(frozen=True, slots=True)
class SaveClip:
    """Saves one clip at a time; `place` is `None` for a module without a drive in its configuration.

    `spool_reserve_bytes` stays free on the module's own disk, where a clip stands while it is fetched.
    """

    media: ClipMedia
    fetched: FetchedFiles
    files: ClipFiles
    ledger: Ledger
    moves: ClipMoves
    clock: Clock
    place: SavingPlace | None
    spool_reserve_bytes: int

    async def save(self, arguments: Mapping[str, object]) -> SavedClip:
        """Return once the clip is synced on the drive and was read back from it; one that is there answers at once.

        BadInput for arguments; Refused `no_drive` or `drive_full`, and the cloud's own refusals; TryLater for all that
        may pass: a drive that is out, a cloud that is away, 280 s that were not enough (what was fetched is kept).
        """
        try:
            clip = read_clip(arguments)
        except ValueError as error:
            raise BadInput(str(error)) from None
        if self.place is None:
            raise Refused("no_drive", "This module has no drive in its configuration.")
        work = asyncio.ensure_future(self._save(clip, self.place))
        limit = asyncio.ensure_future(self.clock.sleep(LONGEST_S))
        either: set[asyncio.Future[SavedClip] | asyncio.Future[None]] = {work, limit}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            raise TryLater("The clip was not saved in time: what was fetched is kept, and this is tried again.")
        finally:
            limit.cancel()
            work.cancel()

    async def _save(self, clip: ClipRow, place: SavingPlace) -> SavedClip:
        try:
            await self._keep_what_was_parked(clip.clip_id)
            if not await place.store.holds(clip):
                await self._needs_room(clip, place)
                await self._fetch(clip)
                await place.store.put(clip, self.fetched.locate(clip.clip_id), SAVED_FOLDER)
            await self.fetched.discard(clip.clip_id)
        except DriveGone as error:
            raise TryLater(str(error)) from None
        except OSError as error:
            raise TryLater(f"This module's own disk failed ({error.strerror or type(error).__name__}).") from error
        log.info("clip_saved_on_drive", clip_id=clip.clip_id, size_bytes=clip.size_bytes)
        return SavedClip(str(clip.sha256))

    async def _keep_what_was_parked(self, clip_id: str) -> None:
        """Let a parked copy on the drive stay for good, which would be taken back now that the clip is in the cloud."""
        row = await self.ledger.get(clip_id)
        if row is None or row.usb_path is None:
            return
        if row.phase not in ENDED_PHASES:
            raise TryLater("This clip is still on its way to the cloud.")
        await self.moves.amend(clip_id, lambda found: replace(found, usb_path=None))

    async def _needs_room(self, clip: ClipRow, place: SavingPlace) -> None:
        report, size = await place.look(), clip.size_bytes or 0
        if report.state is not DriveState.FULL and report.state is not DriveState.USABLE:
            raise DriveGone(report.detail or f"The drive is {report.state.value}.")
        if report.state is DriveState.FULL or (report.free_bytes or 0) - size < place.reserve_bytes:
            raise Refused(
                "drive_full", report.detail or "The drive has no room: delete clips from it, or put in another."
            )
        if await self.files.free_bytes() - size < self.spool_reserve_bytes:
            raise TryLater("This module's own disk has no room to fetch the clip.")

    async def _fetch(self, clip: ClipRow) -> None:
        """Fetch what is missing and prove the whole; a clip that is not the one that was named is forgotten."""
        size, at, cuts = clip.size_bytes or 0, await self.fetched.begin(clip.clip_id), 0
        while at < size:
            try:
                piece = await self.media.piece(clip.clip_id, at, min(PIECE_BYTES, size - at))
            except TryLater as error:
                if cuts == len(AGAIN_AFTER_S):
                    raise
                log.info("clip_fetch_cut", clip_id=clip.clip_id, offset=at, reason=str(error))
                await self.clock.sleep(AGAIN_AFTER_S[cuts])
                cuts += 1
                continue
            await self.fetched.write(clip.clip_id, at, piece)
            at, cuts = at + len(piece), 0
        if await self.fetched.whole(clip.clip_id) != (size, clip.sha256):
            await self.fetched.discard(clip.clip_id)
            raise TryLater("The cloud sent other bytes than it named: they are fetched anew.")
