"""What each stage from a camera's packets to the word on motion costs, in CPU seconds per second of video."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
from av.video.codeccontext import VideoCodecContext

from agent.adapters.camera_feed_pyav.picture_analysis import luma_plane
from agent.vision import detector as detector_module
from agent.vision.detector import MotionDetector
from agent.vision.small_picture import LookPace, small_luma
from hardware.camera import EncodedPacket, StreamInfo
from hardware.cameras.file import FileSource
from tests.bench.camera_cost import loads
from tests.bench.camera_video import VideoSettings
from tests.bench.results import Results
from tests.bench.stopwatch import Stopwatch

METHODS: Mapping[str, str] = {
    "see": "smooth",
    "_measure_noise": "noise",
    "_follow_light": "light",
    "_foreground": "background",
    "_debounce": "clutter and debounce",
}
FUNCTIONS: Mapping[str, str] = {"unexplained": "shake", "objects": "patterns", "_blobs": "blobs"}
STAGES = (
    "read packets",
    "decode keyframes only",
    "decode all, no loop filter",
    "decode whole",
    "take luma",
    "shrink",
    *("smooth", "noise", "light", "shake", "background", "patterns", "blobs", "clutter and debounce"),
)
REAL_ENOUGH = frozenset({"idle", "busy"})
"""The scenes at a rate that cameras are set to."""


def print_stages(folder: Path, wished: Sequence[VideoSettings], results: Results) -> None:
    """Print one row per video in Markdown; those with noise are taken, and a real one where it is present."""
    print(
        "\nWhat each stage costs, CPU seconds per second of video, one run; the drawn videos have 25 pictures a second,"
    )
    print("of which 6 are looked at\n")
    print(f"| video | {' | '.join(STAGES)} |\n|{' --- |' * (len(STAGES) + 1)}")
    for load in loads(folder, [settings for settings in wished if settings.scene in REAL_ENOUGH]):
        costs = stage_costs(load.video)
        print(f"| {load.name} | {' | '.join(f'{costs[stage]:.4f}' for stage in STAGES)} |", flush=True)
        results.add("stages", {"video": load.name, **{stage: round(costs[stage], 5) for stage in STAGES}})


def stage_costs(video: Path) -> Mapping[str, float]:
    """Return CPU seconds per second of video of each of `STAGES`, measured in this thread."""
    watch = Stopwatch()
    stream, packets = watch.timed("read packets", _read)(video)
    keyframes = [packet for packet in packets if packet.is_keyframe]
    watch.timed("decode keyframes only", _decode)(stream, keyframes, loop_filter=False)
    watch.timed("decode whole", _decode)(stream, packets, loop_filter=True)
    _look(stream, packets, watch)
    seconds = float((packets[-1].pts + packets[-1].duration - packets[0].pts) * stream.time_base)
    return {stage: watch.spent_s.get(stage, 0.0) / seconds for stage in STAGES}


def _read(video: Path) -> tuple[StreamInfo, Sequence[EncodedPacket]]:
    source = FileSource(
        video, monotonic=lambda: 0.0, sleep=lambda _seconds: None, looped=False, paced=False, audio=False
    )
    try:
        return source.open(), list(source.packets())
    finally:
        source.close()


def _decode(stream: StreamInfo, packets: Sequence[EncodedPacket], *, loop_filter: bool) -> int:
    decoder = _decoder(stream, loop_filter=loop_filter)
    return sum(len(decoder.decode(one)) for one in (*map(_copied, packets), None))


def _look(stream: StreamInfo, packets: Sequence[EncodedPacket], watch: Stopwatch) -> None:
    """Do with the packets what the agent does with all of a camera that is awake."""
    decoder, pace = _decoder(stream, loop_filter=False), LookPace(stream.nominal_fps)
    decode = watch.timed("decode all, no loop filter", decoder.decode)
    luma, shrink = watch.timed("take luma", luma_plane), watch.timed("shrink", small_luma)
    sees: MotionDetector | None = None
    with _functions_timed(watch):
        for packet in packets:
            for frame in decode(_copied(packet)):
                at_s = float((frame.pts or 0) * stream.time_base)
                if pace.due(at_s):
                    small = shrink(luma(frame))
                    sees = sees or _timed_detector(small.shape, watch)
                    sees.see(small, at_s)


def _timed_detector(shape: tuple[int, ...], watch: Stopwatch) -> MotionDetector:
    """Return a detector that has begun with pictures of a shape, and charges its stages."""
    sees = MotionDetector()
    sees._start(shape)
    for part, names, stage in (
        (sees, METHODS, ""),
        (sees._shake, {"follow": "shake"}, ""),
        (sees._clutter, dict.fromkeys(("threshold", "follows", "learn", "looks_more"), "clutter and debounce"), ""),
    ):
        for name, charged_to in names.items():
            setattr(part, name, watch.timed(charged_to or stage, getattr(part, name)))
    return sees


@contextmanager
def _functions_timed(watch: Stopwatch) -> Iterator[None]:
    before = {name: getattr(detector_module, name) for name in FUNCTIONS}
    for name, stage in FUNCTIONS.items():
        setattr(detector_module, name, watch.timed(stage, before[name]))
    try:
        yield
    finally:
        for name, function in before.items():
            setattr(detector_module, name, function)


def _decoder(stream: StreamInfo, *, loop_filter: bool) -> VideoCodecContext:
    decoder = av.CodecContext.create(stream.codec, "r")
    assert isinstance(decoder, VideoCodecContext)
    if stream.extradata:
        decoder.extradata = stream.extradata
    decoder.thread_count = 1
    if not loop_filter:
        decoder.options = {"skip_loop_filter": "all"}
        decoder.skip_frame = "NONREF"
    return decoder


def _copied(packet: EncodedPacket) -> "av.Packet[Any]":
    copy = av.Packet(packet.data)
    copy.pts, copy.dts, copy.is_keyframe = packet.pts, packet.dts, packet.is_keyframe
    return copy
