"""The room on the module's own disk: when there is too little, and which clips make way, in a stated order."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from agent.domain.clip import ENDED_PHASES, ClipReason, ClipRow, RowPhase


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """`reserve_bytes` stay free on the disk for the rest of the system; `budget_bytes` bound the spool itself."""

    reserve_bytes: int
    budget_bytes: int


class SpoolState(StrEnum):
    """The spool's word in `event/storage`, the log and the page."""

    OK = "ok"
    OVER_BUDGET = "over_budget"
    BELOW_RESERVE = "below_reserve"


def spool_state(free_bytes: int, used_bytes: int, limits: SpoolLimits) -> SpoolState:
    """Say whether a new clip has room; the disk's reserve outranks the budget."""
    if free_bytes < limits.reserve_bytes:
        return SpoolState.BELOW_RESERVE
    return SpoolState.OVER_BUDGET if used_bytes > limits.budget_bytes else SpoolState.OK


class _Rank(IntEnum):
    STORED_ELSEWHERE = 0
    HELD_UNCOVERED = 1
    HELD_COVERED = 2
    OWED_SEGMENT = 3
    OWED = 4


def eviction_order(
    rows: Sequence[ClipRow], covered: Callable[[str], bool], in_hand: Collection[str] = ()
) -> list[ClipRow]:
    """Order the clips that may make way, the first to go first; `rows` are oldest first.

    A recording never goes, nor does a clip `in_hand`, which is being sent or copied at this moment: its place is known
    in a moment, and a clip that is given up meanwhile would be called lost while it stands elsewhere.

    Copies of what is stored elsewhere, then held clips of cameras that no lease covers, then other held clips, and
    only at the very end what is owed to its owner: a module that stops recording would lose every later clip instead.
    Of that the segments of continuous recording go before the clips: they are most of the bytes, and a few hours of
    them would push out every motion that another camera saw.
    """

    def rank(row: ClipRow) -> _Rank:
        if row.phase in ENDED_PHASES:
            return _Rank.STORED_ELSEWHERE
        if row.phase is RowPhase.HELD:
            return _Rank.HELD_COVERED if covered(row.camera_id) else _Rank.HELD_UNCOVERED
        return _Rank.OWED_SEGMENT if row.clip_reason is ClipReason.CONTINUOUS else _Rank.OWED

    standing = [
        row
        for row in rows
        if row.path is not None
        and row.phase is not RowPhase.RECORDING
        and (row.phase in ENDED_PHASES or row.clip_id not in in_hand)
    ]
    return sorted(standing, key=rank)  # a stable sort: oldest first within a rank
