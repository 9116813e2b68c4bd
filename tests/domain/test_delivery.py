"""The life of a ledger row: total over the product, never lost without an end, and drawn as it is."""

import itertools
from pathlib import Path

import pytest

from agent.domain.clip import ENDED_PHASES, RowPhase, Sink, SinkChoice, SinkReason
from agent.domain.delivery import Act, Signal, close_signal, mermaid, next_move

PRODUCT = list(itertools.product(RowPhase, Signal))
DIAGRAM = Path(__file__).parents[2] / "docs" / "clip_delivery.md"


@pytest.mark.parametrize("phase", sorted(ENDED_PHASES))
def test_an_ended_row_never_moves_again_but_when_a_drives_window_is_over_or_its_clip_has_to_go(phase: RowPhase) -> None:
    """R140: a continuous segment on the drive ends once more, as a tombstone whose copy is taken back."""
    for signal in Signal:
        if phase is RowPhase.STORED_USB and signal in {
            Signal.WINDOW_OVER,
            Signal.OVERWRITTEN,
            Signal.DELETED_ON_DRIVE,
        }:
            assert next_move(phase, signal).phase is RowPhase.LOST
            continue
        assert next_move(phase, signal) == next_move(phase, signal).__class__(phase, Act.NONE)


def test_only_an_acknowledgement_of_the_whole_or_a_stated_loss_drops_the_copy() -> None:
    dropping = {signal for phase, signal in PRODUCT if next_move(phase, signal).act is Act.DROP_COPY}
    assert dropping == {
        Signal.CLOUD_ACKNOWLEDGED,
        Signal.CLOUD_GONE,
        Signal.DRIVE_VERIFIED,
        Signal.DRIVE_PARKED,
        Signal.BUDGET_EVICTED,
        Signal.WINDOW_OVER,
        Signal.OVERWRITTEN,
        Signal.DELETED_ON_DRIVE,
        Signal.NOTHING_WHOLE,
    }


def test_a_clip_that_is_recorded_is_not_stored_and_not_evicted() -> None:
    for signal in Signal:
        reached = next_move(RowPhase.RECORDING, signal).phase
        assert reached not in {RowPhase.STORED_CLOUD, RowPhase.STORED_USB, RowPhase.NOT_KEPT}
    assert next_move(RowPhase.RECORDING, Signal.BUDGET_EVICTED).phase is RowPhase.RECORDING


def test_every_drop_ends_the_row_or_leaves_the_clip_on_the_drive() -> None:
    for phase, signal in PRODUCT:
        move = next_move(phase, signal)
        if move.act is Act.DROP_COPY:
            assert move.phase in ENDED_PHASES or signal is Signal.DRIVE_PARKED


def test_from_every_open_phase_every_end_of_a_kept_clip_can_be_reached() -> None:
    for start in (RowPhase.RECORDING, RowPhase.SPOOLED, RowPhase.HELD):
        reached = {start}
        while True:
            more = {next_move(phase, signal).phase for phase in reached for signal in Signal} | reached
            if more == reached:
                break
            reached = more
        assert {RowPhase.STORED_CLOUD, RowPhase.STORED_USB, RowPhase.LOST} <= reached
        assert RowPhase.NOT_KEPT not in reached


@pytest.mark.parametrize(
    ("sink", "lease_seq", "refused_seq", "signal"),
    [
        (Sink.CLOUD, 7, None, Signal.CLOSED),
        (Sink.CLOUD, 7, 6, Signal.CLOSED),
        (Sink.CLOUD, 7, 7, Signal.CLOSED_UNDECIDED),
        (Sink.QUOTA, 7, 7, Signal.CLOSED_UNDECIDED),
        (Sink.USB, 7, None, Signal.CLOSED),
        (Sink.HELD, None, None, Signal.CLOSED_UNDECIDED),
    ],
)
def test_a_close_knows_whether_the_way_is_open(
    sink: Sink, lease_seq: int | None, refused_seq: int | None, signal: Signal
) -> None:
    choice = SinkChoice(sink, SinkReason.PLAN, None, None, lease_seq)
    assert close_signal(choice, refused_seq) is signal


def test_the_drawn_diagram_is_the_table() -> None:
    assert f"```mermaid\n{mermaid()}```" in DIAGRAM.read_text(encoding="utf-8")
