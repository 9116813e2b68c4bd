"""Reads the boxes of an MP4 that matter for playing it in pieces: tracks with their codec, and one fragment's timing.

Sources: ISO/IEC 14496-12 (boxes), 14496-15 annex E and RFC 6381 (codec strings), 14496-1 (esds).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

VISUAL_ENTRY_BYTES = 78
AUDIO_ENTRY_BYTES = 28
NOT_A_SYNC_SAMPLE = 0x10000
MOST_SAMPLES = 200_000
AAC_OBJECT_TYPE = 0x40


class MalformedBoxError(ValueError):
    """These bytes are not the box they claim to be."""


@dataclass(frozen=True, slots=True)
class Track:
    """A track of the init segment: `handler` is `vide` or `soun`, `codec` as a browser's MSE takes it."""

    track_id: int
    handler: str
    timescale: int
    codec: str
    default_duration: int
    default_flags: int


@dataclass(frozen=True, slots=True)
class TrackRun:
    """What one moof says of one track, in ticks of its timescale."""

    track_id: int
    start: int | None
    duration: int
    keyframe: bool


def box_header(data: bytes | bytearray | memoryview) -> tuple[int, str, int] | None:
    """Return (size, type, header bytes) of the box at the start of `data`, or `None` when more bytes are needed.

    Raises MalformedBoxError for a size that cannot be, also for 0 ("to the end"), which cannot be played in pieces.
    """
    if len(data) < 8:  # noqa: PLR2004 - a 32-bit size and a type
        return None
    size, kind = struct.unpack_from(">I4s", data)
    header = 8
    if size == 1:
        if len(data) < 16:  # noqa: PLR2004 - the 64-bit size follows
            return None
        (size,) = struct.unpack_from(">Q", data, 8)
        header = 16
    if size < header:
        raise MalformedBoxError(f"a box of {size} bytes")
    return size, kind.decode("latin-1"), header


def children(data: memoryview) -> Iterator[tuple[str, memoryview]]:
    """Yield (type, content) of the boxes in `data`; raise MalformedBoxError where one does not fit."""
    while len(data):
        found = box_header(data)
        if found is None or found[0] > len(data):
            raise MalformedBoxError("a box that does not fit in its parent")
        size, kind, header = found
        yield kind, data[header:size]
        data = data[size:]


def read_moov(content: bytes) -> tuple[Track, ...]:
    """Return the tracks of a moov box's content; raise MalformedBoxError when there is none."""
    boxes = list(children(memoryview(content)))
    defaults: dict[int, tuple[int, int]] = {}
    for kind, body in boxes:
        if kind == "mvex":
            for inner, trex in children(body):
                if inner == "trex":
                    track_id, _, duration, _, flags = _numbers(">5I", trex, 4)
                    defaults[track_id] = (duration, flags)
    tracks = tuple(_read_trak(body, defaults) for kind, body in boxes if kind == "trak")
    if not tracks:
        raise MalformedBoxError("a moov without a track")
    return tracks


def _read_trak(trak: memoryview, defaults: dict[int, tuple[int, int]]) -> Track:
    tkhd = _descend(trak, "tkhd")
    track_id = _number(">I", tkhd, 20 if _is_version_1(tkhd) else 12)
    mdia = _descend(trak, "mdia")
    mdhd = _descend(mdia, "mdhd")
    timescale = _number(">I", mdhd, 20 if _is_version_1(mdhd) else 12)
    handler = bytes(_descend(mdia, "hdlr")[8:12]).decode("latin-1")
    if timescale == 0:
        raise MalformedBoxError("a track whose timescale is 0")
    stsd = _descend(mdia, "minf", "stbl", "stsd")
    duration, flags = defaults.get(track_id, (0, 0))
    return Track(track_id, handler, timescale, _codec(stsd[8:]), duration, flags)


def read_moof(content: bytes, tracks: tuple[Track, ...]) -> tuple[TrackRun, ...]:
    """Return one TrackRun per track of a moof box's content; tracks the init segment does not name are left out."""
    known = {track.track_id: track for track in tracks}
    runs = []
    for kind, traf in children(memoryview(content)):
        if kind != "traf":
            continue
        track_id = _number(">I", _descend(traf, "tfhd"), 4)
        if track_id in known:
            runs.append(_read_traf(traf, known[track_id]))
    return tuple(runs)


def _read_traf(traf: memoryview, track: Track) -> TrackRun:
    default_duration, default_flags = _tfhd_defaults(_descend(traf, "tfhd"), track)
    start: int | None = None
    duration = 0
    first_flags: int | None = None
    for kind, body in children(traf):
        if kind == "tfdt":
            start = _number(">Q" if _is_version_1(body) else ">I", body, 4)
        elif kind == "trun":
            ticks, flags = _read_trun(body, default_duration, default_flags)
            duration += ticks
            first_flags = flags if first_flags is None else first_flags
    keyframe = first_flags is not None and not first_flags & NOT_A_SYNC_SAMPLE
    return TrackRun(track.track_id, start, duration, keyframe)


def _tfhd_defaults(tfhd: memoryview, track: Track) -> tuple[int, int]:
    flags = _number(">I", tfhd, 0) & 0xFFFFFF
    at = 8 + (8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0)
    duration, sample_flags = track.default_duration, track.default_flags
    if flags & 0x8:
        duration = _number(">I", tfhd, at)
        at += 4
    if flags & 0x10:
        at += 4
    if flags & 0x20:
        sample_flags = _number(">I", tfhd, at)
    return duration, sample_flags


def _read_trun(trun: memoryview, default_duration: int, default_flags: int) -> tuple[int, int | None]:
    """Return the run's ticks and the flags of its first sample (`None` when it has no sample)."""
    flags = _number(">I", trun, 0) & 0xFFFFFF
    count = _number(">I", trun, 4)
    if count == 0:
        return 0, None
    at = 8 + (4 if flags & 0x1 else 0)
    first_flags = default_flags
    if flags & 0x4:
        first_flags = _number(">I", trun, at)
        at += 4
    width = sum(4 for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit)
    if count > MOST_SAMPLES or at + count * width > len(trun):
        raise MalformedBoxError(f"a run of {count} samples that are not there")
    if flags & 0x400 and not flags & 0x4:
        first_flags = _number(">I", trun, at + sum(4 for bit in (0x100, 0x200) if flags & bit))
    if not flags & 0x100:
        return count * default_duration, first_flags
    words = struct.unpack_from(f">{count * width // 4}I", trun, at)
    return sum(words[:: width // 4]), first_flags


def _codec(entries: memoryview) -> str:
    kind, entry = next(children(entries), ("", memoryview(b"")))
    if kind in {"avc1", "avc3"}:
        profile, compatibility, level = _numbers(">3B", _descend(entry[VISUAL_ENTRY_BYTES:], "avcC"), 1)
        return f"{kind}.{profile:02x}{compatibility:02x}{level:02x}"
    if kind in {"hvc1", "hev1"}:
        return kind + _hevc_suffix(_descend(entry[VISUAL_ENTRY_BYTES:], "hvcC"))
    if kind == "mp4a":
        return "mp4a" + _aac_suffix(bytes(_descend(entry[AUDIO_ENTRY_BYTES:], "esds")))
    if kind == "Opus":
        return "opus"
    if not kind.isascii() or not kind.isalnum():
        raise MalformedBoxError("a track without a codec")
    return kind


def _hevc_suffix(hvcc: memoryview) -> str:
    first, compatibility = _numbers(">BI", hvcc, 1)
    level = _number(">B", hvcc, 12)
    constraints = bytes(hvcc[6:12])
    space = ("", "A", "B", "C")[first >> 6]
    tier = "H" if first & 0x20 else "L"
    mirrored = int(f"{compatibility:032b}"[::-1], 2)
    tail = "".join(f".{byte:x}" for byte in constraints.rstrip(b"\0"))
    return f".{space}{first & 0x1F}.{mirrored:x}.{tier}{level}{tail}"


def _aac_suffix(esds: bytes) -> str:
    decoder = esds.find(b"\x04", 4)  # the DecoderConfigDescriptor; its length has one to four bytes
    at = decoder + 1
    while 0 < at < len(esds) and esds[at] & 0x80:
        at += 1
    kind = esds[at + 1] if decoder > 0 and at + 1 < len(esds) else 0
    return ".40.2" if kind == AAC_OBJECT_TYPE else f".{kind:02x}"


def _descend(data: memoryview, *path: str) -> memoryview:
    for name in path:
        for kind, body in children(data):
            if kind == name:
                data = body
                break
        else:
            raise MalformedBoxError(f"no {name} box")
    return data


def _numbers(shape: str, data: memoryview, at: int) -> tuple[int, ...]:
    """Unpack whole numbers; `shape` has no other codes."""
    try:
        return struct.unpack_from(shape, data, at)
    except struct.error as error:
        raise MalformedBoxError("a box that ends too early") from error


def _number(shape: str, data: memoryview, at: int) -> int:
    return _numbers(shape, data, at)[0]


def _is_version_1(box: memoryview) -> bool:
    return _number(">B", box, 0) == 1
