"""Finds the parameter sets (SPS, PPS, VPS) in an Annex-B access unit: what a decoder must know before a picture."""

from collections.abc import Iterator

START_CODE = b"\x00\x00\x01"
H264_SETS = frozenset({7, 8})
HEVC_SETS = frozenset({32, 33, 34})


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


def _unit_type(codec: str, first_byte: int) -> int:
    return first_byte & 0x1F if codec == "h264" else (first_byte >> 1) & 0x3F
