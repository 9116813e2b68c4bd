"""Keeps room on the module's own disk: evicts in the stated order, and says so when there is too little."""

from dataclasses import replace

import structlog

from agent.domain.clip import ENDED_PHASES
from agent.domain.delivery import Signal
from agent.domain.lease import lease_state
from agent.domain.sink import is_covered
from agent.domain.spool import SpoolLimits, SpoolState, eviction_order, spool_state
from agent.flow.clip_moves import Change, ClipMoves
from agent.flow.status_board import StatusBoard
from agent.ports import ClipFiles, Clock, Ledger

_log = structlog.get_logger()

_DETAIL = {
    SpoolState.OK: "",
    SpoolState.OVER_BUDGET: "The clips that wait here fill their budget: check the network and the plan, or the drive.",
    SpoolState.BELOW_RESERVE: "The module's own disk is nearly full: nothing is recorded until something is deleted.",
}
_LOST_BECAUSE = {
    SpoolState.OVER_BUDGET: "spool_budget",
    SpoolState.BELOW_RESERVE: "disk_reserve",
    SpoolState.OK: "spool_budget",
}


class SpoolRoom:
    """Makes room for a clip; `state` is the last word and reaches `event/storage` (subject `spool`) on change."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        files: ClipFiles,
        moves: ClipMoves,
        clock: Clock,
        board: StatusBoard,
        limits: SpoolLimits,
    ) -> None:
        self._ledger = ledger
        self._files = files
        self._moves = moves
        self._clock = clock
        self._board = board
        self._limits = limits
        self._told: SpoolState | None = None
        self.state = SpoolState.OK

    async def make(self) -> SpoolState:
        """Evict until there is room and return the state after that; raises OSError when the disk does not answer.

        A disk that others have filled is not helped by our clips: when all of them together would not bring the
        reserve back, none is given up.
        """
        state = await self._look()
        if state is not SpoolState.OK:
            state = await self._evict(state)
        await self._tell(state)
        return state

    async def _look(self) -> SpoolState:
        return spool_state(await self._files.free_bytes(), await self._ledger.spool_bytes(), self._limits)

    async def _evict(self, state: SpoolState) -> SpoolState:
        lease = self._board.link.lease
        now_state = lease_state(lease, self._clock.now().timestamp())
        rows = eviction_order(
            await self._ledger.with_files(),
            lambda camera_id: is_covered(lease, now_state, camera_id),
            self._moves.in_hand(),
        )
        sizes = sum(max(row.size_bytes or 0, row.synced_bytes) for row in rows)
        if await self._files.free_bytes() + sizes < self._limits.reserve_bytes:
            return state
        for row in rows:
            if row.phase in ENDED_PHASES:
                await self._moves.finish_delete(row)
            else:
                await self._moves.move(row.clip_id, Signal.BUDGET_EVICTED, _lost_because(_LOST_BECAUSE[state]))
            state = await self._look()
            if state is SpoolState.OK:
                break
        return state

    async def _tell(self, state: SpoolState) -> None:
        """Tell a change once, also over restarts; a ledger that cannot take it now is asked again the next time."""
        if state is not self.state:
            self.state = state
            log = _log.info if state is SpoolState.OK else _log.warning
            log("spool_state", state=state.value)
        if state is self._told:
            return
        try:
            await self._moves.tell_storage_once("spool", state.value, state.value, _DETAIL[state])
        except OSError as error:
            _log.warning("spool_state_not_told", state=state.value, problem=str(error))
        else:
            self._told = state


def _lost_because(word: str) -> Change:
    return lambda row: replace(row, lost_because=word)
