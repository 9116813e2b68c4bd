"""When a live view asks, when it ends, and what waits for a slow viewer."""

import pytest

from agent.domain.live_pieces import Piece, PieceKind, ViewerQueue, mime_of
from agent.domain.live_view import LiveClock, LiveDue, begin_view, grant_view

NORMAL = grant_view(None, "door", 0.0, extended=False, save=False)


def ran(until_s: float, clock: LiveClock, *, answers: bool) -> list[tuple[float, LiveDue]]:
    """Follow a view's clock by its own deadlines."""
    told = []
    while (at_s := clock.next_s()) <= until_s:
        due = clock.due(at_s)
        told.append((at_s, due))
        if due is LiveDue.ASK:
            clock = clock.asked()
            clock = clock.answered() if answers else clock
        elif due in {LiveDue.END_LIMIT, LiveDue.END_NOT_ANSWERED}:
            break
    return told


def test_an_unanswered_view_ends_ten_seconds_after_its_question() -> None:
    assert ran(1e9, begin_view(NORMAL, 100.0), answers=False) == [
        (130.0, LiveDue.ASK),
        (140.0, LiveDue.END_NOT_ANSWERED),
    ]


def test_an_answered_view_is_asked_every_thirty_seconds_and_ends_at_300() -> None:
    told = ran(1e9, begin_view(NORMAL, 100.0), answers=True)
    assert [at_s for at_s, due in told if due is LiveDue.ASK] == [130.0 + 30.0 * each for each in range(9)]
    assert told[-1] == (400.0, LiveDue.END_LIMIT)


def test_nothing_is_due_before_its_time_and_an_answer_to_nothing_changes_nothing() -> None:
    clock = begin_view(NORMAL, 0.0)
    assert clock.due(29.999) is LiveDue.NOTHING
    assert clock.answered() == clock
    assert clock.asked().due(39.999) is LiveDue.NOTHING


def piece(kind: PieceKind, size: int = 10, byte: bytes = b"x") -> Piece:
    return Piece(kind, byte * size)


def kinds(queue: ViewerQueue) -> list[PieceKind]:
    taken = []
    while (each := queue.get()) is not None:
        taken.append(each.kind)
    return taken


H, K, M = PieceKind.HEAD, PieceKind.KEYFRAME, PieceKind.MORE


@pytest.mark.parametrize(
    ("put", "left"),
    [
        ([H, M, M], [H]),  # nothing can be shown before a keyframe
        ([H, K, M, M], [H, K, M, M]),
        ([H, K, M, M, M, M], [H]),  # too far behind: what waits is lost, and what needs it
        ([H, K, M, M, M, M, M, K, M], [H, K, M]),
        ([H, K, M, M, M, K], [H, K]),  # the piece that is too much is itself a keyframe
        ([H, K, M, H, K], [H, K]),  # the camera came back: another head
    ],
)
def test_a_slow_viewer_skips_to_the_next_keyframe(put: list[PieceKind], left: list[PieceKind]) -> None:
    queue = ViewerQueue(most_bytes=50)
    for kind in put:
        queue.put(piece(kind))
        assert queue.held_bytes <= 50
    assert kinds(queue) == left
    assert queue.held_bytes == 0


def test_a_head_that_was_taken_is_not_sent_again_after_a_skip() -> None:
    queue = ViewerQueue(most_bytes=25)
    queue.put(piece(H))
    assert kinds(queue) == [H]
    for kind in (K, M, M, K):
        queue.put(piece(kind))
    assert kinds(queue) == [K]


def test_the_browser_is_told_which_decoder_it_needs() -> None:
    assert mime_of(b"....avcC\x01\x42\xc0\x1f\xff") == 'video/mp4; codecs="avc1.42c01f"'
    assert mime_of(b"nothing known") == "video/mp4"
