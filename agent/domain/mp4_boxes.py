"""Where a fragmented MP4 may be cut: its boxes, its whole fragments and how long they play (ISO/IEC 14496-12)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

ReadAt = Callable[[int, int], bytes]
"""`read(offset, length)`: up to `length` bytes at `offset`; fewer only at the end."""

HEADER_BYTES = 8
LARGE_HEADER_BYTES = 16
PAGE_BYTES = 4096
SOUND_BYTES = 8
"""So many zeros and nothing else are no frame of AAC or Opus."""
PICTURES = 1
"""The track that our muxer writes first."""


@dataclass(frozen=True, slots=True)
class Box:
    """One box: four letters, where it starts, where its content starts and where it ends (bytes)."""

    kind: bytes
    start: int
    content: int
    end: int


@dataclass(frozen=True, slots=True)
class Fragment:
    """One whole `moof` + `mdat`: its place in the file, its length in ticks of the pictures, their samples' byte spans.

    `sounds` are the spans of the sound beside them.
    """

    start: int
    end: int
    ticks: int
    samples: tuple[tuple[int, int], ...]
    sounds: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """What is whole in a file: bytes of the file's head (`ftyp` + `moov`), ticks per second, fragments in order.

    Ticks and times are the pictures'; sound lasts as long as it lasts.
    """

    head_bytes: int
    timescale: int
    fragments: tuple[Fragment, ...]

    @property
    def whole_bytes(self) -> int:
        """Return the length of the longest prefix that plays."""
        return self.fragments[-1].end if self.fragments else self.head_bytes

    @property
    def duration_ms(self) -> int:
        """Return how long the whole fragments play."""
        ticks = sum(fragment.ticks for fragment in self.fragments)
        return ticks * 1000 // self.timescale if self.timescale else 0


def read_from(data: bytes) -> ReadAt:
    """Return a reader over bytes in memory."""
    return lambda offset, length: data[offset : offset + length]


def box_at(read: ReadAt, offset: int, end: int) -> Box | None:
    """Return the box that starts at `offset` if its header is sound and it ends at or before `end`."""
    header = read(offset, LARGE_HEADER_BYTES)
    if len(header) < HEADER_BYTES:
        return None
    size, kind, content = int.from_bytes(header[:4], "big"), header[4:8], offset + HEADER_BYTES
    if size == 1:
        if len(header) < LARGE_HEADER_BYTES:
            return None
        size, content = int.from_bytes(header[8:16], "big"), offset + LARGE_HEADER_BYTES
    if offset + size < content or offset + size > end:
        return None
    return Box(kind, offset, content, offset + size)


def boxes(read: ReadAt, start: int, end: int) -> Iterator[Box]:
    """Yield whole boxes one after another until one is not whole."""
    while (box := box_at(read, start, end)) is not None:
        yield box
        start = box.end


def whole_layout(read: ReadAt, size: int, timescale: int = 0) -> Layout:
    """Describe the longest prefix that is `ftyp`, `moov` and whole fragments; all zero when even the head is cut.

    With a `timescale` the head may be missing: a later part of a file that starts at a box, its pictures in track 1.
    """
    track = PICTURES
    head_bytes, fragments = 0, list[Fragment]()
    moof: Box | None = None
    for box in boxes(read, 0, size):
        if box.kind == b"moov":
            (track, timescale), head_bytes = _picture_track(read, box), box.end
        elif box.kind == b"moof":
            moof = box
        elif box.kind == b"mdat" and moof is not None and moof.end == box.start and timescale:
            fragment = _fragment(read, moof, box, track)
            if fragment is None:
                break
            fragments.append(fragment)
        elif box.kind not in {b"ftyp", b"free", b"sidx", b"styp"}:
            break
    return Layout(head_bytes, timescale, tuple(fragments))


def without_blank_tail(read: ReadAt, layout: Layout) -> Layout:
    """Drop fragments at the end whose samples are blank: a power cut may leave a file's length but not its data."""
    fragments = layout.fragments
    while fragments and _has_blanks(read, fragments[-1]):
        fragments = fragments[:-1]
    return Layout(layout.head_bytes, layout.timescale, fragments)


def _has_blanks(read: ReadAt, fragment: Fragment) -> bool:
    if any(_blank(read, sample) for sample in fragment.samples):
        return True
    return any(end - start >= SOUND_BYTES and not any(read(start, end - start)) for start, end in fragment.sounds)


def _blank(read: ReadAt, sample: tuple[int, int]) -> bool:
    """Say whether a sample begins with zeros (a NAL length is never 0) or ends with a blank page.

    Fewer zeros at the end are a camera's own padding.
    """
    start, end = sample
    if not any(read(start, min(4, end - start))):
        return True
    return end - start >= PAGE_BYTES and not any(read(end - PAGE_BYTES, PAGE_BYTES))


def _find(read: ReadAt, within: Box, *path: bytes) -> Box | None:
    here: Box | None = within
    for kind in path:
        if here is None:
            return None
        here = next((box for box in boxes(read, here.content, here.end) if box.kind == kind), None)
    return here


def _picture_track(read: ReadAt, moov: Box) -> tuple[int, int]:
    """Return (track number, ticks per second) of the pictures; (0, 0) when there are none."""
    for trak in (box for box in boxes(read, moov.content, moov.end) if box.kind == b"trak"):
        hdlr, tkhd = _find(read, trak, b"mdia", b"hdlr"), _find(read, trak, b"tkhd")
        mdhd = _find(read, trak, b"mdia", b"mdhd")
        if hdlr is None or tkhd is None or mdhd is None or read(hdlr.content + 8, 4) != b"vide":
            continue
        return _number_after_times(read, tkhd), _number_after_times(read, mdhd)
    return 0, 0


def _number_after_times(read: ReadAt, box: Box) -> int:
    """Read what stands behind version, flags and the two times: `tkhd`'s track number, `mdhd`'s ticks per second."""
    skip = 20 if read(box.content, 1) == b"\x01" else 12
    return int.from_bytes(read(box.content + skip, 4), "big")


def _fragment(read: ReadAt, moof: Box, mdat: Box, pictures: int) -> Fragment | None:
    """Read the tracks' samples, one track behind the other; `None` when they do not fill the `mdat` exactly."""
    ticks, at = 0, mdat.content
    samples, sounds = list[tuple[int, int]](), list[tuple[int, int]]()
    for traf in (box for box in boxes(read, moof.content, moof.end) if box.kind == b"traf"):
        tfhd = _find(read, traf, b"tfhd")
        if tfhd is None:
            return None
        described = read(tfhd.content, tfhd.end - tfhd.content)
        shown = int.from_bytes(described[4:8], "big") == pictures
        for lasts, length in _samples(read, traf, described):
            (samples if shown else sounds).append((at, at + length))
            ticks += lasts if shown else 0
            at += length
            if at > mdat.end:
                return None
    if at != mdat.end:
        return None
    return Fragment(moof.start, mdat.end, ticks, tuple(samples), tuple(sounds))


def _samples(read: ReadAt, traf: Box, tfhd: bytes) -> Iterator[tuple[int, int]]:
    """Yield (duration, size) of one track's samples."""
    default_ticks, default_bytes = _defaults(tfhd)
    for trun in (box for box in boxes(read, traf.content, traf.end) if box.kind == b"trun"):
        for ticks, length in _run(read(trun.content, trun.end - trun.content), sized=default_bytes > 0):
            yield (default_ticks if ticks is None else ticks), (default_bytes if length is None else length)


def _defaults(tfhd: bytes) -> tuple[int, int]:
    """Return (sample duration, sample size) that hold where a run names none."""
    flags, at = int.from_bytes(tfhd[1:4], "big"), 8
    at += 8 * bool(flags & 0x1) + 4 * bool(flags & 0x2)
    ticks = int.from_bytes(tfhd[at : at + 4], "big") if flags & 0x8 else 0
    at += 4 * bool(flags & 0x8)
    return ticks, int.from_bytes(tfhd[at : at + 4], "big") if flags & 0x10 else 0


def _run(trun: bytes, *, sized: bool) -> Iterator[tuple[int | None, int | None]]:
    """Yield (duration, size) of each sample of a run, `None` where the default holds (`sized`: it has a size).

    The caller stops where the samples overrun their data: a damaged count may be four billion.
    """
    flags, count, at = int.from_bytes(trun[1:4], "big"), int.from_bytes(trun[4:8], "big"), 8
    at += 4 * bool(flags & 0x1) + 4 * bool(flags & 0x4)
    entry_bytes = 4 * (flags & 0xF00).bit_count()
    if entry_bytes == 0 and not sized:
        count = min(count, 1)  # nothing would end it
    for index in range(count):
        entry = trun[at + index * entry_bytes : at + (index + 1) * entry_bytes]
        if len(entry) < entry_bytes:
            return
        ticks = int.from_bytes(entry[:4], "big") if flags & 0x100 else None
        size_at = 4 * bool(flags & 0x100)
        yield ticks, int.from_bytes(entry[size_at : size_at + 4], "big") if flags & 0x200 else None
