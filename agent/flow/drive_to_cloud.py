"""Lends a clip of the drive to its owner: read piece by piece and sent to the cloud, beside everything else."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

import structlog

from agent.domain.arguments import known_only, text
from agent.errors import AgentError, BadInput, TryLater
from agent.flow.drive_clips import DriveClips, ListedClip
from agent.ports import ClipLoans, Clock
from hardware.drive import DriveGone

PIECE_BYTES: Final = 256 * 1024
AGAIN_AFTER_S: Final = (1.0, 2.0, 5.0, 10.0, 20.0)
"""After a cut, or while the drive is busy with a copy, a piece is tried again; after so many it is given up."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Loan:
    loan_id: str
    listed: ListedClip


class DriveToCloud:
    """Lends one clip at a time. It reads through the drive's lane between copies, so that no copy waits for it long."""

    def __init__(self, clips: DriveClips, loans: ClipLoans, clock: Clock) -> None:
        self._clips = clips
        self._loans = loans
        self._clock = clock
        self._loan: _Loan | None = None
        self._asked = asyncio.Event()

    async def begin(self, arguments: Mapping[str, object]) -> Mapping[str, object]:
        """Begin to send the clip `clip_id` of `store` as `loan_id`, and return what it is.

        BadInput for a clip that is not there; TryLater while another one is being sent, or without a usable drive.
        """
        known_only(arguments, ["loan_id", "store", "clip_id"])
        loan_id, store, clip_id = (text(arguments, name, 64) for name in ("loan_id", "store", "clip_id"))
        if self._loan is not None and self._loan.loan_id != loan_id:
            raise TryLater("Another clip of the drive is being sent: try again when it is there.")
        try:
            listed = await self._clips.find(store, clip_id)
        except DriveGone as error:
            raise TryLater(str(error)) from None
        if listed is None:
            raise BadInput("There is no such clip on the drive.")
        if self._loan is not None and self._loan.loan_id != loan_id:  # asked for while the drive was read
            raise TryLater("Another clip of the drive is being sent: try again when it is there.")
        self._loan = _Loan(loan_id, listed)
        self._asked.set()
        return listed.document()

    async def run(self) -> NoReturn:
        """Send for ever what is asked for."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            try:
                if self._loan is not None:
                    await self._send(self._loan)
            finally:
                self._loan = None

    async def _send(self, loan: _Loan) -> None:
        try:
            await self._send_pieces(loan)
        except (AgentError, DriveGone, FileNotFoundError) as error:
            log.info("drive_clip_not_lent", clip_id=loan.listed.clip.clip_id, reason=str(error))
            with contextlib.suppress(AgentError):
                await self._loans.give_up(loan.loan_id)
        else:
            log.info("drive_clip_lent", clip_id=loan.listed.clip.clip_id)

    async def _send_pieces(self, loan: _Loan) -> None:
        at, cuts, size = 0, 0, loan.listed.clip.size_bytes
        while at < size:
            try:
                piece = await self._clips.read(loan.listed, at, min(PIECE_BYTES, size - at))
                if not piece:
                    raise FileNotFoundError("the clip on the drive is shorter than its list says")
                await self._loans.append(loan.loan_id, at, piece)
            except (TryLater, DriveGone):
                if cuts == len(AGAIN_AFTER_S):
                    raise
                await self._clock.sleep(AGAIN_AFTER_S[cuts])
                cuts += 1
                continue
            at, cuts = at + len(piece), 0
