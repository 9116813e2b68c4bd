"""What one run of the agent knows of its uploads: how far each is, what waits until when, which clips are in hand."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from agent.domain.backoff import backoff_s
from agent.domain.clip import ClipRow
from agent.flow.clip_moves import ClipMoves
from agent.ports import Clock


@dataclass(slots=True)
class UploadProgress:
    """What this run knows of one upload; everything here can be asked again of the cloud.

    `perhaps_whole` is set before the last byte leaves: from then until the cloud's word the clip stays in hand.
    """

    offset: int | None = None
    length_said: bool = False
    failures: int = 0
    not_before_s: float = 0.0
    stopped: bool = False
    perhaps_whole: bool = False

    def start_over(self) -> None:
        """Forget where the upload stood."""
        self.offset, self.length_said, self.perhaps_whole = None, False, False


class UploadLine:
    """The way to the cloud: each clip's progress, and the waits of clips and of the line as a whole."""

    def __init__(self, moves: ClipMoves, clock: Clock, jitter: Callable[[], float]) -> None:
        self._moves = moves
        self._clock = clock
        self._jitter = jitter
        self._progress: dict[str, UploadProgress] = {}
        self._in_hand: set[str] = set()
        self._failures = 0
        self.not_before_s = 0.0
        self.failed_last = ""

    def of(self, row: ClipRow) -> UploadProgress:
        """Return the progress of a clip, begun if there is none."""
        return self._progress.setdefault(row.clip_id, UploadProgress())

    def forget_all_but(self, clip_ids: Collection[str]) -> None:
        """Forget clips that have left."""
        for clip_id in self._progress.keys() - clip_ids:
            del self._progress[clip_id]
            self._let_go(clip_id)

    def wait(self, row: ClipRow, asked_s: float | None, *, whole_line: bool) -> None:
        """Note a failure of this clip, and of the line; `asked_s` is what the other side asked for."""
        progress, now_s = self.of(row), self._clock.monotonic()
        progress.failures += 1
        progress.not_before_s = now_s + backoff_s(progress.failures, self._jitter(), asked_s)
        if whole_line:
            self._failures += 1
            self.failed_last = row.clip_id
            self.not_before_s = now_s + backoff_s(self._failures, self._jitter(), asked_s)

    def went_through(self, row: ClipRow) -> None:
        """Note that something got there: all waits begin anew."""
        self.of(row).failures = self._failures = 0
        self.failed_last = ""

    def hold_while_unsure(self, row: ClipRow) -> None:
        """Keep a clip in hand that may be whole in the cloud already, and let go one that is not.

        There are few at a time: what is begun is finished before the next begins.
        """
        if not self.of(row).perhaps_whole:
            self._let_go(row.clip_id)
        elif row.clip_id not in self._in_hand:
            self._in_hand.add(row.clip_id)
            self._moves.keep_in_hand(row.clip_id)

    def _let_go(self, clip_id: str) -> None:
        if clip_id in self._in_hand:
            self._in_hand.remove(clip_id)
            self._moves.let_go(clip_id)
