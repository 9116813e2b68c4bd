"""Which frames a clip holds, by the counters burned into them: its keyframes are decoded, the rest is counted."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import av

from tests.hardware.decoded import frame_mark


@dataclass(frozen=True)
class FrameSpan:
    """A clip's first counter, and how many frames follow it without a gap, itself among them."""

    first: int
    frames: int


def frame_span(clip: bytes, loop: int) -> FrameSpan:
    """Read one clip of a video that is repeated after `loop` frames; AssertionError where a frame is missing in it.

    A frame between two keyframes that was missing would leave fewer packets between them than their counters say.
    """
    first: int | None = None
    with av.open(io.BytesIO(clip), mode="r") as file:
        stream = file.streams.video[0]
        stream.codec_context.skip_frame = "NONKEY"
        times = sorted(packet.pts for packet in file.demux(stream) if packet.pts is not None)
        place = {pts: number for number, pts in enumerate(times)}
        file.seek(0)
        for frame in file.decode(stream):
            mark = frame_mark(frame)
            assert mark is not None, "a keyframe without its mark"
            assert frame.pts is not None
            number = place[frame.pts]
            first = mark.counter if first is None else first
            assert (first + number - mark.counter) % loop == 0, f"frames are missing before counter {mark.counter}"
    assert first is not None, "a clip without a keyframe"
    return FrameSpan(first % loop, len(times))


def frames_without_a_gap(spans: Sequence[FrameSpan], loop: int) -> int:
    """Return how many frames clips hold that follow each other; AssertionError where one is missing between two."""
    for earlier, later in pairwise(spans):
        missing = (later.first - earlier.first - earlier.frames) % loop
        assert missing == 0, f"{missing} frames (of a loop of {loop}) are missing before counter {later.first}"
    return sum(span.frames for span in spans)
