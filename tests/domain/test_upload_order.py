"""Which clip's bytes leave the box first."""

import pytest

from agent.domain.clip import ClipReason, ClipRow, MediaKind, RowPhase, Sink, SinkChoice, SinkReason
from agent.domain.upload_order import next_to_send, wants_cloud


def row(name: str, phase: RowPhase, sink: Sink = Sink.CLOUD) -> ClipRow:
    choice = SinkChoice(sink, SinkReason.PLAN, None, None, 1)
    return ClipRow(name, "camera", MediaKind.CLIP, ClipReason.MOTION, phase, choice, "2026-03-01", True, f"{name}.mp4")


def spooled(name: str) -> ClipRow:
    return row(name, RowPhase.SPOOLED)


def growing(name: str) -> ClipRow:
    return row(name, RowPhase.RECORDING)


@pytest.mark.parametrize(
    ("rows", "sent", "first"),
    [
        ([], {}, None),
        ([spooled("old"), spooled("new")], {}, "new"),
        ([spooled("old"), spooled("begun"), spooled("new")], {"begun": 5}, "begun"),
        ([spooled("begun"), growing("live")], {"begun": 5, "live": 900}, "live"),
        ([growing("first"), growing("second")], {"first": 500, "second": 400}, "second"),
        ([growing("first"), growing("second")], {}, "second"),
    ],
)
def test_evidence_leaves_the_box_fast(rows: list[ClipRow], sent: dict[str, int], first: str | None) -> None:
    chosen = next_to_send(rows, sent)
    assert (None if chosen is None else chosen.clip_id) == first


@pytest.mark.parametrize(
    ("phase", "sink", "wants"),
    [
        (RowPhase.RECORDING, Sink.CLOUD, True),
        (RowPhase.SPOOLED, Sink.QUOTA, True),
        (RowPhase.HELD, Sink.CLOUD, False),
        (RowPhase.RECORDING, Sink.USB, False),
        (RowPhase.RECORDING, Sink.HELD, False),
        (RowPhase.STORED_CLOUD, Sink.CLOUD, False),
    ],
)
def test_only_rows_on_their_way_to_the_cloud_are_sent(phase: RowPhase, sink: Sink, wants: bool) -> None:
    assert wants_cloud(row("clip", phase, sink)) is wants
