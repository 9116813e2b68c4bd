"""The fragment index of a growing clip: where init segment and fragments stand, how long they play, who may join.

Fed with bytes in any cut, from the first byte on; holds one moov or moof at a time, never media.
"""

import copy
from dataclasses import dataclass

from cloud_stub.domain.mp4_boxes import MalformedBoxError, Track, box_header, read_moof, read_moov

LARGEST_KEPT_BOX = 4 << 20
MOST_FRAGMENTS = 20_000
SHORT_HEADER = 8
LONG_HEADER = 16
KEPT = frozenset({"moov", "moof"})
FIRST_BOXES = frozenset({"ftyp", "styp", "moov", "free", "skip"})


@dataclass(frozen=True, slots=True)
class Fragment:
    """Bytes [start, end) of one moof and its mdat; `keyframe`: a player may join here. Times are media time in ms."""

    start: int
    end: int
    start_ms: int
    duration_ms: int
    keyframe: bool


@dataclass(frozen=True, slots=True)
class _OpenFragment:
    """A moof whose mdat has not passed yet; times in ticks of the main track."""

    start: int
    start_ticks: int
    ticks: int
    keyframe: bool


class FragmentIndex:
    """Index of what was fed so far. `broken` says why it stopped reading, `None` while all is well."""

    def __init__(self) -> None:
        self.fed_bytes = 0
        self.init_bytes = 0
        self.tracks: tuple[Track, ...] = ()
        self.fragments: list[Fragment] = []
        self.broken: str | None = None
        self._position = 0
        self._buffer = bytearray()
        self._want = SHORT_HEADER
        self._skip = 0
        self._skipped_kind = ""
        self._open: _OpenFragment | None = None
        self._first_ticks: int | None = None
        self._last_ticks = 0
        self._sum_ticks = 0

    def fork(self) -> "FragmentIndex":
        """Return an index that can be fed and thrown away without changing this one."""
        other = copy.copy(self)
        other.fragments = list(self.fragments)
        other._buffer = bytearray(self._buffer)  # noqa: SLF001 - the same class
        return other

    @property
    def playable_end(self) -> int:
        """Bytes up to the end of the last whole fragment; 0 when nothing can be played."""
        return self.fragments[-1].end if self.fragments else 0

    @property
    def duration_ms(self) -> int:
        """Length of the whole fragments in ms: their span or their sum, whichever is longer."""
        main = self._main_track()
        if main is None or self._first_ticks is None:
            return 0
        return _to_ms(max(self._sum_ticks, self._last_ticks - self._first_ticks), main.timescale)

    @property
    def mime(self) -> str | None:
        """Return the type that a browser's MediaSource takes, or `None` before the init segment is whole."""
        if not self.tracks:
            return None
        return f'video/mp4; codecs="{", ".join(track.codec for track in self.tracks)}"'

    def feed(self, data: bytes) -> None:
        """Take the next bytes. Never raises: what cannot be a fragmented MP4 sets `broken` and is only counted."""
        self.fed_bytes += len(data)
        if self.broken is not None:
            return
        try:
            self._take(memoryview(data))
        except MalformedBoxError as error:
            self.broken = str(error)
            self._buffer.clear()

    def _take(self, data: memoryview) -> None:
        while len(data):
            if self._skip:
                step = min(self._skip, len(data))
                self._skip -= step
            else:
                step = min(self._want - len(self._buffer), len(data))
                self._buffer += data[:step]
            self._position += step
            data = data[step:]
            if self._skipped_kind:
                self._box_passed()
            elif len(self._buffer) == self._want:
                self._decide()

    def _decide(self) -> None:
        """Say what the box that begins in the buffer needs: a longer header, all of it, or to be skipped."""
        found = box_header(self._buffer)
        if found is None:
            self._want = LONG_HEADER
            return
        size, kind, header = found
        if self._position == len(self._buffer) and kind not in FIRST_BOXES:
            raise MalformedBoxError("this does not begin as a fragmented MP4")
        if kind in KEPT:
            if size > LARGEST_KEPT_BOX:
                raise MalformedBoxError(f"a {kind} box of {size} bytes")
            self._want = size
            if size > len(self._buffer):
                return
            self._read(kind, bytes(self._buffer[header:]))
        else:
            self._skip, self._skipped_kind = size - len(self._buffer), kind
        self._buffer.clear()
        self._want = SHORT_HEADER
        if self._skipped_kind:
            self._box_passed()

    def _box_passed(self) -> None:
        if self._skip:
            return
        kind, self._skipped_kind = self._skipped_kind, ""
        if kind == "mdat" and self._open is not None:
            self._close(self._open)
            self._open = None

    def _read(self, kind: str, content: bytes) -> None:
        if kind == "moov":
            if self.tracks:
                raise MalformedBoxError("a second moov")
            self.tracks = read_moov(content)
            self.init_bytes = self._position
            return
        main = self._main_track()
        if main is None:
            raise MalformedBoxError("a fragment before the init segment")
        run = next((run for run in read_moof(content, self.tracks) if run.track_id == main.track_id), None)
        began = self._last_ticks if run is None or run.start is None else run.start
        self._open = _OpenFragment(
            start=self._position - len(self._buffer),
            start_ticks=began,
            ticks=0 if run is None else run.duration,
            keyframe=run is not None and run.keyframe,
        )

    def _close(self, fragment: _OpenFragment) -> None:
        main = self._main_track()
        if main is None or len(self.fragments) >= MOST_FRAGMENTS:
            raise MalformedBoxError(f"more than {MOST_FRAGMENTS} fragments")
        self._first_ticks = (
            fragment.start_ticks if self._first_ticks is None else min(self._first_ticks, fragment.start_ticks)
        )
        self._last_ticks = max(self._last_ticks, fragment.start_ticks + fragment.ticks)
        self._sum_ticks += fragment.ticks
        self.fragments.append(
            Fragment(
                fragment.start,
                self._position,
                _to_ms(fragment.start_ticks, main.timescale),
                _to_ms(fragment.ticks, main.timescale),
                fragment.keyframe,
            )
        )

    def _main_track(self) -> Track | None:
        """Return the first picture track, or the first of any kind."""
        return next((track for track in self.tracks if track.handler == "vide"), next(iter(self.tracks), None))


def _to_ms(ticks: int, timescale: int) -> int:
    return (ticks * 1000 + timescale // 2) // timescale
