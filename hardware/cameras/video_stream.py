"""Describes the video stream of an opened container and turns its packets into ours, untouched, with repaired times."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from hardware.camera import CameraLost, CameraRefused, EncodedPacket, StreamInfo
from hardware.cameras.parameter_sets import parameter_sets
from hardware.cameras.timestamps import StampRepair

STORABLE_CODECS = frozenset({"h264", "hevc"})
FORMATS_WITHOUT_TIMES = frozenset({"h264", "hevc"})
FASTEST_FPS = 240.0


def video_stream(container: InputContainer, what: str) -> VideoStream:
    """Return the container's video stream; CameraRefused when it has none. `what` names the source in a sentence."""
    stream = next((stream for stream in container.streams.video if stream.average_rate or stream.width), None)
    if stream is None and container.streams.video:
        stream = container.streams.video[0]
    if stream is None:
        raise CameraRefused(f"{what} has no video; choose a stream that carries video, not only sound or data.")
    return stream


def stream_info(container: InputContainer, stream: VideoStream, *, nominal_fps: float, what: str) -> StreamInfo:
    """Describe a stream whose packets can be stored as they are.

    Raises CameraRefused for another codec and CameraLost when the stream has not said how to decode it.
    """
    codec = stream.codec_context.name
    if codec not in STORABLE_CODECS:
        raise CameraRefused(f"{what} sends {codec} video; set it to H.264 or H.265, which clips can hold.")
    if not stream.width or not stream.height:
        raise CameraLost(f"{what} sends pictures without saying how to decode them: no parameter sets have come yet.")
    return StreamInfo(
        codec=codec,
        width=stream.width,
        height=stream.height,
        time_base=stream.time_base or Fraction(1, 90000),
        nominal_fps=frame_rate(container, stream, nominal_fps),
        extradata=bytes(stream.codec_context.extradata or b""),
    )


def frame_rate(container: InputContainer, stream: VideoStream, nominal_fps: float) -> float:
    """Return the stream's frame rate where it states a believable one, else the nominal one of the settings."""
    if container.format.name in FORMATS_WITHOUT_TIMES:
        return nominal_fps
    stated = float(stream.average_rate or 0)
    return stated if 0 < stated <= FASTEST_FPS else nominal_fps


def encoded_packets(
    packets: "Iterable[av.Packet[VideoStream]]", repair: StampRepair, monotonic: Callable[[], float]
) -> Iterator[EncodedPacket | None]:
    """Yield a demuxer's packets from the first keyframe on, and `None` for each one before it."""
    started = False
    for packet in packets:
        if not packet.size:
            continue  # PyAV ends a stream with an empty packet
        started = started or packet.is_keyframe
        if not started:
            yield None
            continue
        stamp = repair.step(packet.pts, packet.dts, packet.duration)
        yield EncodedPacket(
            data=bytes(packet),
            pts=stamp.pts,
            dts=stamp.dts,
            duration=stamp.duration,
            is_keyframe=packet.is_keyframe,
            arrived_s=monotonic(),
        )


def with_parameter_sets(info: StreamInfo, keyframe: EncodedPacket) -> StreamInfo:
    """Fill empty extradata from the first keyframe of an Annex-B stream."""
    return info if info.extradata else replace(info, extradata=parameter_sets(info.codec, keyframe.data))
