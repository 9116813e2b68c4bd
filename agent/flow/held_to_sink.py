"""Held clips are decided again when the lease or the drive changes, when one becomes held, and once a minute."""

from dataclasses import replace

import structlog

from agent.domain.clip import ClipRow, RowPhase, Sink, SinkChoice
from agent.domain.delivery import Signal
from agent.domain.lease import LeaseState, lease_state
from agent.domain.sink import choose_again
from agent.flow.clip_moves import Change, ClipMoves, wait_for_bell
from agent.flow.status_board import StatusBoard
from agent.ports import Clock, Ledger

LOOK_AGAIN_S = 60.0
ALL_ROWS = 1_000_000
_log = structlog.get_logger()
_Key = tuple[int | None, LeaseState, str]


class HeldToSink:
    """The next lease decides; so does a drive that comes back."""

    def __init__(self, *, ledger: Ledger, moves: ClipMoves, clock: Clock, board: StatusBoard) -> None:
        self._ledger = ledger
        self._moves = moves
        self._clock = clock
        self._board = board
        self._seen = self._key()
        board.listeners.append(self._on_change)

    async def run(self) -> None:
        """Decide for ever."""
        while True:
            self._moves.bells.held.clear()
            try:
                await self.step()
            except OSError as error:
                _log.warning("held_clips_wait_for_the_ledger", problem=str(error))
            await wait_for_bell(self._moves.bells.held, self._clock, LOOK_AGAIN_S)

    async def step(self) -> None:
        """Decide every held clip under the lease and the drive of now."""
        lease = self._board.link.lease
        _, state, drive = self._seen = self._key()
        for row in await self._ledger.in_phases([RowPhase.HELD], ALL_ROWS):
            choice = choose_again(row, lease, state, drive)
            if choice is not None:
                await self._decide(row, choice)

    def _key(self) -> _Key:
        lease, drive = self._board.link.lease, self._board.drive
        state = lease_state(lease, self._clock.now().timestamp())
        return None if lease is None else lease.seq, state, "absent" if drive is None else drive.state.value

    def _on_change(self) -> None:
        """Ring when something that decides has changed (the board changes far more often)."""
        if self._key() != self._seen:
            self._moves.bells.held.set()
            self._moves.bells.drive.set()

    async def _decide(self, row: ClipRow, choice: SinkChoice) -> None:
        signal = Signal.LEASE_USB if choice.sink is Sink.USB else Signal.LEASE_CLOUD
        await self._moves.move(row.clip_id, signal, _decided(choice))


def _decided(choice: SinkChoice) -> Change:
    return lambda row: replace(row, choice=choice, upload_url=None)
