"""Clips to the cloud, piece by piece: the growing ones while they are recorded, then the backlog."""

from collections.abc import Callable
from dataclasses import replace

import structlog

from agent.domain.clip import ClipRow, RowPhase
from agent.domain.delivery import Signal
from agent.domain.upload_order import CLOUD_SINKS, next_to_send, wants_cloud
from agent.errors import Refused, TryLater
from agent.flow.clip_bytes import read_clip
from agent.flow.clip_moves import ClipMoves, wait_for_bell
from agent.flow.status_board import StatusBoard
from agent.flow.upload_line import UploadLine, UploadProgress
from agent.ports import ClipFiles, Clock, DriveStore, Ledger, Uploads
from hardware.drive import DriveGone

PIECE_BYTES = 512 << 10
BACKLOG_ROWS = 200
OLDEST_ROWS = 50
"""Looked at beside the newest: while all of those wait out a failure, the oldest ones have their turn."""
DIFFERS_TRIES = 3
LEDGER_WAIT_S = 10.0
_GONE = frozenset({"evicted", "deleted", "expired"})
_log = structlog.get_logger()


class SpoolToCloud:
    """Sends one piece at a time, of the clip that agent.domain.upload_order names.

    `jitter` returns a number in 0..1. A piece is at most `piece_bytes`; only synced bytes are sent. A clip that fails
    waits by itself, and the line waits as a whole after each failure until something goes through again; the try after
    a failure is another clip's if there is one, so that one clip that the cloud cannot take never blocks the others.
    """

    def __init__(  # noqa: PLR0913 - the collaborators of one sender, all by name
        self,
        *,
        ledger: Ledger,
        files: ClipFiles,
        uploads: Uploads,
        moves: ClipMoves,
        clock: Clock,
        board: StatusBoard,
        jitter: Callable[[], float],
        drive: DriveStore | None = None,
        piece_bytes: int = PIECE_BYTES,
    ) -> None:
        self._ledger = ledger
        self._files = files
        self._uploads = uploads
        self._moves = moves
        self._clock = clock
        self._board = board
        self._drive = drive
        self._piece_bytes = piece_bytes
        self._line = UploadLine(moves, clock, jitter)

    async def run(self) -> None:
        """Send for ever."""
        while True:
            try:
                wait_s = await self.step()
            except OSError as error:
                _log.warning("uploads_wait_for_the_ledger", problem=str(error))
                await self._clock.sleep(LEDGER_WAIT_S)
                continue
            if wait_s is None or wait_s > 0:
                await self._rest(wait_s)

    async def _rest(self, wait_s: float | None) -> None:
        if self._clock.monotonic() < self._line.not_before_s and wait_s is not None:
            await self._clock.sleep(wait_s)  # new bytes do not shorten the wait for a line that is down
        else:
            await wait_for_bell(self._moves.bells.cloud, self._clock, wait_s)

    async def step(self) -> float | None:
        """Send one piece; return seconds until there may be more to do (0: at once, `None`: when the bell rings)."""
        self._moves.bells.cloud.clear()
        now_s = self._clock.monotonic()
        if now_s < self._line.not_before_s:
            return self._line.not_before_s - now_s
        rows = await self._waiting_rows()
        ready = [row for row in rows if self._line.of(row).not_before_s <= now_s]
        sent = {row.clip_id: self._line.of(row).offset or 0 for row in ready}
        row = next_to_send([row for row in ready if row.clip_id != self._line.failed_last] or ready, sent)
        if row is None:
            return min((self._line.of(row).not_before_s - now_s for row in rows), default=None)
        self._board.uploads.attempt_s = now_s
        await self._try(row)
        return 0.0

    async def _waiting_rows(self) -> list[ClipRow]:
        """Return rows with something to send, oldest first; forget what this run knew of clips that have left."""
        growing = await self._ledger.in_phases([RowPhase.RECORDING], sinks=CLOUD_SINKS)
        closed = await self._ledger.in_phases([RowPhase.SPOOLED], BACKLOG_ROWS, newest=True, sinks=CLOUD_SINKS)
        if len(closed) == BACKLOG_ROWS:
            oldest = await self._ledger.in_phases([RowPhase.SPOOLED], OLDEST_ROWS, sinks=CLOUD_SINKS)
            closed = list({row.clip_id: row for row in (*oldest, *closed)}.values())
        rows = [*closed, *growing]
        known = {row.clip_id for row in rows}
        self._line.forget_all_but(known)
        return [row for row in rows if self._has_something(row)]

    def _has_something(self, row: ClipRow) -> bool:
        if row.phase is RowPhase.SPOOLED:
            return True
        progress = self._line.of(row)
        return not progress.stopped and row.path is not None and row.synced_bytes > (progress.offset or 0)

    async def _try(self, row: ClipRow) -> None:
        """Send one piece with the clip in hand: what is on its way is not evicted before its answer is known."""
        row = await self._moves.take_in_hand(row.clip_id)
        try:
            if wants_cloud(row):
                await self._try_in_hand(row)
        finally:
            self._line.hold_while_unsure(row)
            self._moves.let_go(row.clip_id)

    async def _try_in_hand(self, row: ClipRow) -> None:
        try:
            await self._send_piece(row)
        except Refused as error:
            await self._try_refused(row, error)
        except FileNotFoundError:
            await self._moves.file_gone(row)
        except TryLater as error:
            self._wait(row, str(error), error.after_s, whole_line=True)
        except (DriveGone, OSError) as error:
            self._wait(row, str(error), None, whole_line=False)
        except Exception as error:  # noqa: BLE001 - logged whole; one clip's trouble must not keep the others waiting
            _log.exception("upload_fault", clip_id=row.clip_id)
            self._wait(row, f"Sending a clip failed ({type(error).__name__}).", None, whole_line=False)
        else:
            self._line.went_through(row)
            self._say("")

    async def _try_refused(self, row: ClipRow, error: Refused) -> None:
        try:
            await self._refused(row, error)
        except Refused as again:
            self._wait(row, str(again), None, whole_line=False)
        except TryLater as again:
            self._wait(row, str(again), again.after_s, whole_line=True)

    def _wait(self, row: ClipRow, problem: str, asked_s: float | None, *, whole_line: bool) -> None:
        self._line.wait(row, asked_s, whole_line=whole_line)
        self._say(problem)

    def _say(self, problem: str) -> None:
        if problem != self._board.uploads.last_error:
            self._board.uploads.last_error = problem
            _log.info("uploads_state", problem=problem or None)

    async def _send_piece(self, row: ClipRow) -> None:
        progress = self._line.of(row)
        url = row.upload_url
        if url is None:
            url = made = await self._uploads.create(row)
            row = await self._moves.amend(row.clip_id, lambda found: replace(found, upload_url=made))
        if progress.offset is None:
            progress.offset = await self._uploads.offset(url)
        end = row.synced_bytes if row.phase is RowPhase.RECORDING else (row.size_bytes or 0)
        if progress.offset > end:
            await self._differs(row, url)
            return
        if row.phase is RowPhase.SPOOLED and progress.offset == end and progress.length_said:
            await self._settle(row)
            return
        await self._append(row, url, progress, end)
        if progress.length_said:
            await self._settle(row)

    async def _append(self, row: ClipRow, url: str, progress: UploadProgress, end: int) -> None:
        offset = progress.offset or 0
        wanted = min(self._piece_bytes, end - offset)
        data = await read_clip(row, self._files, self._drive, offset, wanted) if wanted else b""
        if len(data) != wanted:
            raise OSError(f"The file of clip {row.clip_id} is shorter than its row says.")
        is_last = row.phase is RowPhase.SPOOLED and offset + wanted == end
        if not is_last and not wanted:
            return
        progress.perhaps_whole = progress.perhaps_whole or is_last
        progress.offset = await self._uploads.append(url, offset, data, end if is_last else None)
        progress.length_said = is_last and progress.offset == end

    async def _settle(self, row: ClipRow) -> None:
        """Ask what the cloud holds and believe nothing less than the whole hash."""
        found = await self._uploads.status(row.clip_id)
        if found.disposition == "held":
            if (found.size_bytes, found.sha256) == (row.size_bytes, row.sha256):
                await self._stored(row, Signal.CLOUD_ACKNOWLEDGED)
            else:
                await self._differs(row, row.upload_url)
        elif found.disposition in _GONE:
            await self._stored(row, Signal.CLOUD_GONE)
        else:
            await self._start_over(row, f"The cloud has this clip as {found.disposition}: sending it again.")

    async def _stored(self, row: ClipRow, signal: Signal) -> None:
        moved = await self._moves.move(row.clip_id, signal)
        if moved.phase is RowPhase.STORED_CLOUD:
            self._board.uploads.stored_s = self._clock.monotonic()
            self._moves.bells.drive.set()  # a parked copy on the drive may go now
        else:
            self._line.of(row).stopped = True

    async def _start_over(self, row: ClipRow, problem: str) -> None:
        """Forget the upload's address and place; creating it again finds it, or makes it anew."""
        await self._moves.amend(row.clip_id, lambda found: replace(found, upload_url=None))
        self._line.of(row).start_over()
        self._wait(row, problem, None, whole_line=False)

    async def _refused(self, row: ClipRow, error: Refused) -> None:
        progress = self._line.of(row)
        if error.code == "offset_mismatch":
            progress.offset, progress.length_said = None, False
            self._wait(row, str(error), None, whole_line=False)
        elif error.code == "checksum_mismatch":
            self._wait(row, str(error), None, whole_line=False)
        elif error.code in {"upload_gone", "clip_finished"}:
            await self._gone(row, error)
        else:
            await self._refuse(row, error)

    async def _gone(self, row: ClipRow, error: Refused) -> None:
        """Find out why the upload is no more: the cloud has the clip whole, had it, or must be given it again."""
        if row.phase is RowPhase.SPOOLED:
            await self._settle(row)
            return
        found = await self._uploads.status(row.clip_id)
        if found.disposition in _GONE:
            await self._stored(row, Signal.CLOUD_GONE)
        elif error.code == "clip_finished":
            self._line.of(row).stopped = True  # it holds an earlier part of this clip; the close will settle it
        else:
            await self._start_over(row, str(error))

    async def _refuse(self, row: ClipRow, error: Refused) -> None:
        _log.warning("upload_refused", clip_id=row.clip_id, code=error.code, lease_seq=row.choice.lease_seq)
        self._say(str(error))
        progress = self._line.of(row)
        progress.stopped, progress.perhaps_whole = True, False
        await self._moves.move(
            row.clip_id,
            Signal.CLOUD_REFUSED,
            lambda found: replace(found, refused_seq=row.choice.lease_seq, upload_url=None),
        )

    async def _differs(self, row: ClipRow, url: str | None) -> None:
        """Take back the cloud's copy, which has other bytes than ours, and send ours; a few times, then hold."""
        tries = row.attempts + 1
        _log.error("upload_differs", clip_id=row.clip_id, tries=tries)
        await self._moves.amend(row.clip_id, lambda found: replace(found, attempts=tries))
        if url is not None:
            try:
                await self._uploads.terminate(url)
            except Refused as error:
                _log.info("upload_not_taken_back", clip_id=row.clip_id, code=error.code)
        if tries >= DIFFERS_TRIES:
            await self._moves.tell_alert(
                row.camera_id, "upload_differs", f"The cloud holds another clip {row.clip_id}."
            )
            await self._refuse(
                row, Refused("upload_differs", "The cloud holds other bytes of a clip than this module.")
            )
            return
        await self._start_over(row, "The cloud holds other bytes of a clip than this module: sending it again.")
