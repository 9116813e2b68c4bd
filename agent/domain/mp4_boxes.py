"""Where a fragmented MP4 may be cut: its boxes, its whole fragments and how long they play (ISO/IEC 14496-12)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

ReadAt = Callable[[int, int], bytes]
"""`read(offset, length)`: up to `length` bytes at `offset`; fewer only at the end."""

HEADER_BYTES = 8
LARGE_HEADER_BYTES = 16
PAGE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Box:
    """One box: four letters, where it starts, where its content starts and where it ends (bytes)."""

    kind: bytes
    start: int
    content: int
    end: int


@dataclass(frozen=True, slots=True)
class Fragment:
    """One whole `moof` + `mdat`: its place in the file, its length in the track's ticks, its samples' byte spans."""

    start: int
    end: int
    ticks: int
    samples: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """What is whole in a file: bytes of the file's head (`ftyp` + `moov`), ticks per second, fragments in order."""

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

    With a `timescale` the head may be missing: a later part of a file that starts at a box.
    """
    head_bytes, fragments = 0, list[Fragment]()
    moof: Box | None = None
    for box in boxes(read, 0, size):
        if box.kind == b"moov":
            timescale, head_bytes = _timescale(read, box), box.end
        elif box.kind == b"moof":
            moof = box
        elif box.kind == b"mdat" and moof is not None and moof.end == box.start and timescale:
            fragment = _fragment(read, moof, box)
            if fragment is None:
                break
            fragments.append(fragment)
        elif box.kind not in {b"ftyp", b"free", b"sidx", b"styp"}:
            break
    return Layout(head_bytes, timescale, tuple(fragments))


def without_blank_tail(read: ReadAt, layout: Layout) -> Layout:
    """Drop fragments at the end whose samples are blank: a power cut may leave a file's length but not its data."""
    fragments = layout.fragments
    while fragments and any(_blank(read, sample) for sample in fragments[-1].samples):
        fragments = fragments[:-1]
    return Layout(layout.head_bytes, layout.timescale, fragments)


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


def _timescale(read: ReadAt, moov: Box) -> int:
    mdhd = _find(read, moov, b"trak", b"mdia", b"mdhd")
    if mdhd is None:
        return 0
    skip = 20 if read(mdhd.content, 1) == b"\x01" else 12
    return int.from_bytes(read(mdhd.content + skip, 4), "big")


def _fragment(read: ReadAt, moof: Box, mdat: Box) -> Fragment | None:
    """Read the one track's samples; `None` when they do not fill the `mdat` exactly."""
    traf = _find(read, moof, b"traf")
    if traf is None:
        return None
    tfhd = _find(read, traf, b"tfhd")
    if tfhd is None:
        return None
    default_ticks, default_bytes = _defaults(read(tfhd.content, tfhd.end - tfhd.content))
    ticks, samples, at = 0, list[tuple[int, int]](), mdat.content
    for trun in (box for box in boxes(read, traf.content, traf.end) if box.kind == b"trun"):
        for sample_ticks, sample_bytes in _run(read(trun.content, trun.end - trun.content)):
            ticks += default_ticks if sample_ticks is None else sample_ticks
            length = default_bytes if sample_bytes is None else sample_bytes
            samples.append((at, at + length))
            at += length
    if at != mdat.end:
        return None
    return Fragment(moof.start, mdat.end, ticks, tuple(samples))


def _defaults(tfhd: bytes) -> tuple[int, int]:
    """Return (sample duration, sample size) that hold where a run names none."""
    flags, at = int.from_bytes(tfhd[1:4], "big"), 8
    at += 8 * bool(flags & 0x1) + 4 * bool(flags & 0x2)
    ticks = int.from_bytes(tfhd[at : at + 4], "big") if flags & 0x8 else 0
    at += 4 * bool(flags & 0x8)
    return ticks, int.from_bytes(tfhd[at : at + 4], "big") if flags & 0x10 else 0


def _run(trun: bytes) -> Iterator[tuple[int | None, int | None]]:
    """Yield (duration, size) of each sample of a run, `None` where the default holds."""
    flags, count, at = int.from_bytes(trun[1:4], "big"), int.from_bytes(trun[4:8], "big"), 8
    at += 4 * bool(flags & 0x1) + 4 * bool(flags & 0x4)
    entry_bytes = 4 * (flags & 0xF00).bit_count()
    if entry_bytes == 0:
        count = min(count, 1)  # a damaged count must not loop for ever; a run without sizes is not ours
    for index in range(count):
        entry = trun[at + index * entry_bytes : at + (index + 1) * entry_bytes]
        if len(entry) < entry_bytes:
            return
        ticks = int.from_bytes(entry[:4], "big") if flags & 0x100 else None
        size_at = 4 * bool(flags & 0x100)
        yield ticks, int.from_bytes(entry[size_at : size_at + 4], "big") if flags & 0x200 else None
