"""Finds the parameter sets (SPS, PPS, VPS) in an Annex-B access unit: what a decoder must know before a picture."""

from collections.abc import Iterator

START_CODE = b"\x00\x00\x01"
H264_SETS = frozenset({7, 8})
HEVC_SETS = frozenset({32, 33, 34})
SEQUENCE_SET = {"h264": 7, "hevc": 33}
LENGTH_PREFIXED = b"\x01"
"""The first byte of an avcC or hvcC: packets of such a stream have lengths where Annex B has start codes."""


def annex_b_units(data: bytes) -> Iterator[bytes]:
    """Yield the NAL units of an Annex-B access unit, without start codes and without trailing zeros."""
    start = data.find(START_CODE)
    while start >= 0:
        begin = start + len(START_CODE)
        start = data.find(START_CODE, begin)
        unit = data[begin : start if start >= 0 else len(data)].rstrip(b"\x00")
        if unit:
            yield unit


def parameter_sets(codec: str, data: bytes) -> bytes:
    """Return the parameter sets of an access unit as Annex B; empty when it has none or is length-prefixed."""
    wanted = H264_SETS if codec == "h264" else HEVC_SETS
    return b"".join(b"\x00" + START_CODE + unit for unit in annex_b_units(data) if _unit_type(codec, unit[0]) in wanted)


class SequenceWatch:
    """Sees in a stream's keyframes when its pictures are described anew: another size, profile or frame rate.

    Always `False` for length-prefixed packets, and where a keyframe says nothing.
    """

    def __init__(self, codec: str, extradata: bytes) -> None:
        self._codec = codec
        self._blind = extradata.startswith(LENGTH_PREFIXED)
        self._known: frozenset[bytes] | None = None

    def changed(self, keyframe: bytes) -> bool:
        """Take the next keyframe; say whether it is described otherwise than those before it."""
        if self._blind:
            return False
        wanted = SEQUENCE_SET[self._codec]
        described = frozenset(unit for unit in annex_b_units(keyframe) if _unit_type(self._codec, unit[0]) == wanted)
        if not described or described == self._known:
            return False
        first, self._known = self._known is None, described
        return not first


def _unit_type(codec: str, first_byte: int) -> int:
    return first_byte & 0x1F if codec == "h264" else (first_byte >> 1) & 0x3F
