"""The room on the module's own disk, and who makes way first."""

import pytest

from agent.domain.clip import ClipReason, ClipRow, MediaKind, RowPhase, Sink, SinkChoice, SinkReason
from agent.domain.spool import SpoolLimits, SpoolState, eviction_order, spool_state

LIMITS = SpoolLimits(reserve_bytes=100, budget_bytes=1000)


def row(
    name: str,
    phase: RowPhase,
    camera: str = "covered",
    path: str | None = "file",
    reason: ClipReason = ClipReason.MOTION,
) -> ClipRow:
    choice = SinkChoice(Sink.CLOUD, SinkReason.PLAN, None, None, 1)
    return ClipRow(name, camera, MediaKind.CLIP, reason, phase, choice, "2026-03-01", True, path)


@pytest.mark.parametrize(
    ("free", "used", "state"),
    [
        (99, 0, SpoolState.BELOW_RESERVE),
        (99, 2000, SpoolState.BELOW_RESERVE),
        (100, 1001, SpoolState.OVER_BUDGET),
        (100, 1000, SpoolState.OK),
    ],
)
def test_the_reserve_outranks_the_budget(free: int, used: int, state: SpoolState) -> None:
    assert spool_state(free, used, LIMITS) is state


def test_what_is_stored_elsewhere_goes_first_and_what_is_owed_goes_last() -> None:
    rows = [
        row("owed, old", RowPhase.SPOOLED),
        row("held, covered", RowPhase.HELD),
        row("recording", RowPhase.RECORDING),
        row("held, uncovered, old", RowPhase.HELD, "uncovered"),
        row("stored", RowPhase.STORED_CLOUD),
        row("held, uncovered, new", RowPhase.HELD, "uncovered"),
        row("owed, new", RowPhase.SPOOLED),
        row("owed, a segment", RowPhase.SPOOLED, reason=ClipReason.CONTINUOUS),
        row("parked on the drive", RowPhase.HELD, path=None),
    ]
    order = [found.clip_id for found in eviction_order(rows, lambda camera: camera == "covered")]
    assert order == [
        "stored",
        "held, uncovered, old",
        "held, uncovered, new",
        "held, covered",
        "owed, a segment",
        "owed, old",
        "owed, new",
    ]
