"""Describes the video stream of an opened container and turns its packets into ours, untouched, with repaired times."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from io import BytesIO

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from hardware.camera import CameraLost, CameraRefused, EncodedPacket, StreamInfo
from hardware.cameras.parameter_sets import SequenceWatch, parameter_sets
from hardware.cameras.sound import SoundTrack, sound_stream
from hardware.cameras.timestamps import StampRepair

STORABLE_CODECS = frozenset({"h264", "hevc"})
FORMATS_WITHOUT_TIMES = frozenset({"h264", "hevc"})
FASTEST_FPS = 240.0
SILENCE_S = 6.0


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


class StreamPackets:
    """Turns one opened stream's packets into ours: times repaired, sound beside, described anew on change.

    `what` names the source in a sentence. Sound alone is no sign of life: after `SILENCE_S` of it, CameraLost.
    """

    def __init__(
        self,
        info: StreamInfo,
        repair: StampRepair,
        monotonic: Callable[[], float],
        *,
        what: str,
        sound: SoundTrack | None,
    ) -> None:
        self._info = info
        self._repair = repair
        self._monotonic = monotonic
        self._what = what
        self._sound = None if sound is None else sound.beside(repair, info.time_base)
        self._watch = SequenceWatch(info.codec, info.extradata)

    def of(
        self, packets: "Iterable[av.Packet[VideoStream]] | Iterable[av.Packet[Stream]]"
    ) -> Iterator[EncodedPacket | None]:
        """Yield a demuxer's packets from the first keyframe on, and `None` for each picture before it."""
        started, seen_s = False, self._monotonic()
        for packet in packets:
            if not packet.size:
                continue  # PyAV ends a stream with an empty packet
            arrived_s = self._monotonic()
            if isinstance(packet.stream, AudioStream):
                if arrived_s - seen_s > SILENCE_S:
                    raise CameraLost(f"{self._what} sends sound and no pictures; is its picture switched off?")
                if started and self._sound is not None:
                    yield from self._sound.packets(packet, arrived_s)
                continue
            seen_s = arrived_s
            started = started or packet.is_keyframe
            yield self._picture(packet, arrived_s) if started else None

    def _picture(self, packet: "av.Packet[VideoStream] | av.Packet[Stream]", arrived_s: float) -> EncodedPacket:
        stamp = self._repair.step(packet.pts, packet.dts, packet.duration)
        data = bytes(packet)
        anew = None
        if packet.is_keyframe and self._watch.changed(data):
            anew = self._info = described_anew(self._info, data)
        return EncodedPacket(
            data=data,
            pts=stamp.pts,
            dts=stamp.dts,
            duration=stamp.duration,
            is_keyframe=packet.is_keyframe,
            arrived_s=arrived_s,
            stream=anew,
        )


def described_anew(info: StreamInfo, keyframe: bytes) -> StreamInfo:
    """Return the description of a stream that goes on with this Annex-B keyframe."""
    width, height = info.width, info.height
    with suppress(av.FFmpegError), av.open(BytesIO(keyframe), format=info.codec) as described:
        stream = described.streams.video[0]
        width, height = stream.width or width, stream.height or height
    return replace(info, width=width, height=height, extradata=parameter_sets(info.codec, keyframe))


def taken_sound(container: InputContainer, *, wanted: bool) -> tuple[SoundTrack | None, str]:
    """Return the sound that is recorded with the pictures, and a sentence when sound is there and is not."""
    stream = sound_stream(container) if wanted else None
    if stream is None:
        return None, ""
    try:
        return SoundTrack(stream), ""
    except ValueError as error:
        return None, str(error)
    except av.FFmpegError:
        return None, "The camera's sound cannot be encoded here: it is left out."


def with_parameter_sets(info: StreamInfo, keyframe: EncodedPacket) -> StreamInfo:
    """Fill empty extradata from the first keyframe of an Annex-B stream."""
    return info if info.extradata else replace(info, extradata=parameter_sets(info.codec, keyframe.data))
