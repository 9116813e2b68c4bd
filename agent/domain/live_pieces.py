"""What a viewer gets of a live picture: its pieces, how they are cut from MP4 bytes, and what a browser must know."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from agent.domain.mp4_boxes import Box, ReadAt, boxes, read_from

QUEUE_BYTES = 8 * 1024 * 1024
"""A viewer that is this far behind skips to the next keyframe: 16 s of 4 Mbit/s."""


NOT_A_SYNC_SAMPLE = 0x10000
PICTURES = (1).to_bytes(4, "big")
"""The number of the track that our muxer gives to the pictures."""


class PieceKind(IntEnum):
    """The first byte of a binary message (docs/wire.md)."""

    HEAD = 0
    KEYFRAME = 1
    MORE = 2
    TALK = 16


@dataclass(frozen=True, slots=True)
class Piece:
    """A head (`ftyp` + `moov`) or one fragment; `KEYFRAME` begins with a picture that needs no other."""

    kind: PieceKind
    data: bytes

    def message(self) -> bytes:
        """Return the piece as one binary message."""
        return bytes((self.kind,)) + self.data


def split(data: bytes) -> Iterator[tuple[bool, bytes]]:
    """Yield (is the head, bytes) for the head, if it is there, and each whole fragment of `data`."""
    start, read = 0, read_from(data)
    for box in boxes(read, 0, len(data)):
        if box.kind in {b"moov", b"mdat"}:
            yield box.kind == b"moov", data[start : box.end]
            start = box.end


def is_keyframe(fragment: bytes) -> bool:
    """Say whether a fragment's video begins with a picture that needs no other (the flags of its first sample)."""
    read = read_from(fragment)
    for moof in boxes(read, 0, len(fragment)):
        if moof.kind != b"moof":
            continue
        for traf in boxes(read, moof.content, moof.end):
            if traf.kind == b"traf":
                return not _first_flags(read, traf) & NOT_A_SYNC_SAMPLE  # the video's track is the first
    return False


def _first_flags(read: ReadAt, traf: Box) -> int:
    """Return the flags of a track's first sample: its run's own, each sample's, or the fragment's default."""
    default = 0
    for box in boxes(read, traf.content, traf.end):
        content = read(box.content, box.end - box.content)
        flags = int.from_bytes(content[1:4], "big")
        if box.kind == b"tfhd":
            if content[4:8] != PICTURES:
                return NOT_A_SYNC_SAMPLE  # sound alone
            at = 8 + 8 * bool(flags & 0x1) + 4 * (flags & 0x1A).bit_count()
            default = int.from_bytes(content[at : at + 4], "big") if flags & 0x20 else 0
        elif box.kind == b"trun":
            at = 8 + 4 * bool(flags & 0x1)
            if flags & 0x4:
                return int.from_bytes(content[at : at + 4], "big")
            if flags & 0x400:
                at += 4 * (flags & 0x300).bit_count()
                return int.from_bytes(content[at : at + 4], "big")
            return default
    return NOT_A_SYNC_SAMPLE


def mime_of(head: bytes) -> str:
    """Return the MIME type with codecs (RFC 6381) of a head that our muxer wrote; bare `video/mp4` when unknown."""
    codecs = []
    at = head.find(b"avcC")
    if at > 0:
        codecs.append(f"avc1.{head[at + 5 : at + 8].hex()}")
    at = head.find(b"hvcC")
    if at > 0:
        codecs.append(f"hvc1.{head[at + 5] & 31}.6.L{head[at + 16]}.B0")
    if b"mp4a" in head:
        codecs.append("mp4a.40.2")
    if b"Opus" in head:
        codecs.append("opus")
    return f'video/mp4; codecs="{", ".join(codecs)}"' if codecs else "video/mp4"


class ViewerQueue:
    """What one viewer has not taken yet, at most `most_bytes` of it (one keyframe fragment may be larger)."""

    def __init__(self, most_bytes: int = QUEUE_BYTES) -> None:
        self._most_bytes = most_bytes
        self._pieces: deque[Piece] = deque()
        self._skips = True
        self.held_bytes = 0
        self.skipped = 0

    def put(self, piece: Piece) -> None:
        """Take the next piece; a viewer that is too far behind loses all it has not taken, up to the next keyframe."""
        if piece.kind is PieceKind.HEAD:
            self._clear()
        elif self.held_bytes + len(piece.data) > self._most_bytes:
            self._drop()
        if piece.kind is PieceKind.KEYFRAME:
            self._skips = False
        if self._skips and piece.kind is PieceKind.MORE:
            self.skipped += 1
            return
        self._pieces.append(piece)
        self.held_bytes += len(piece.data)

    def get(self) -> Piece | None:
        """Return the oldest piece, or `None`."""
        if not self._pieces:
            return None
        piece = self._pieces.popleft()
        self.held_bytes -= len(piece.data)
        return piece

    def _clear(self) -> None:
        self._pieces.clear()
        self.held_bytes, self._skips = 0, True

    def _drop(self) -> None:
        """Forget every fragment; a head that was not taken yet stays."""
        head = [piece for piece in self._pieces if piece.kind is PieceKind.HEAD]
        self.skipped += len(self._pieces) - len(head)
        self._clear()
        self._pieces.extend(head)
        self.held_bytes = sum(len(piece.data) for piece in head)
