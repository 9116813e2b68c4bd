"""An emulated scene as encoded video: the settings of an emulated camera, and its access units one after the other."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
from av.video.frame import VideoFrame

from hardware.camera import EncodedPacket, StreamInfo
from hardware.cameras.encoder import PictureEncoder
from hardware.cameras.parameter_sets import parameter_sets
from hardware.cameras.scene_pictures import ScenePainter
from hardware.cameras.scene_sound import SceneSound
from hardware.cameras.scenes import SCENES

TICKS_PER_S = 90_000


@dataclass(frozen=True, slots=True)
class SceneSettings:
    """What an emulated camera is asked to show; `seconds` 0 is for ever, `keyframe_s` the keyframe gap.

    With `sound` it is heard too: tones that follow the frame counter (scene_sound.py).
    """

    scene: str = "garden"
    seed: int = 1
    width: int = 1280
    height: int = 720
    fps: float = 15.0
    keyframe_s: float = 2.0
    quality: int = 24
    seconds: float = 0.0
    nonce: int = 0
    sound: bool = False

    def to_json(self) -> str:
        """Return one line for a command line."""
        return json.dumps(asdict(self))


def scene_packets(settings: SceneSettings) -> Iterator[EncodedPacket]:
    """Paint and encode the scene, as fast as it goes; `arrived_s` is 0. The first packet is a keyframe."""
    encoder = PictureEncoder(
        width=settings.width,
        height=settings.height,
        time_base=Fraction(1, TICKS_PER_S),
        fps=settings.fps,
        keyframe_every_s=settings.keyframe_s,
        quality=settings.quality,
        candidates=("libx264",),
    )
    painter = ScenePainter(
        SCENES[settings.scene], seed=settings.seed, width=settings.width, height=settings.height, fps=settings.fps
    )
    interval = round(TICKS_PER_S / settings.fps)
    tones = SceneSound(settings.fps, TICKS_PER_S) if settings.sound else None
    frame = 0
    while not settings.seconds or frame < settings.seconds * settings.fps:
        picture = VideoFrame.from_ndarray(painter.paint(frame, settings.nonce), format="yuv420p")
        picture.pts = round(frame * TICKS_PER_S / settings.fps)
        for data, pts, is_keyframe in encoder.encode(picture):
            yield EncodedPacket(data, pts, pts, interval, is_keyframe, 0.0)
        if tones is not None:
            yield from tones.during(frame)
        frame += 1


def scene_stream(settings: SceneSettings, first: EncodedPacket) -> StreamInfo:
    """Describe the video that begins with `first`."""
    return StreamInfo(
        "h264",
        settings.width,
        settings.height,
        Fraction(1, TICKS_PER_S),
        settings.fps,
        parameter_sets("h264", first.data),
        SceneSound(settings.fps, TICKS_PER_S).info if settings.sound else None,
    )


def write_scene_file(path: Path, settings: SceneSettings) -> None:
    """Write a scene of `settings.seconds` as an MP4 file, without sound; ValueError when it has no end."""
    if settings.seconds <= 0:
        raise ValueError("A scene in a file needs a length: set `seconds`.")
    packets = scene_packets(replace(settings, sound=False))
    first = next(packets)
    write_video_file(path, scene_stream(settings, first), chain((first,), packets))


def write_video_file(path: Path, info: StreamInfo, packets: Iterable[EncodedPacket]) -> None:
    """Write H.264 packets without sound, a keyframe first, as an MP4 file."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("h264", rate=Fraction(info.nominal_fps).limit_denominator(1001))
        stream.width, stream.height, stream.pix_fmt = info.width, info.height, "yuv420p"
        stream.time_base = info.time_base
        stream.codec_context.extradata = info.extradata
        for packet in packets:
            written = av.Packet(packet.data)
            written.pts, written.dts, written.duration = packet.pts, packet.dts, packet.duration
            written.time_base = info.time_base
            written.is_keyframe = packet.is_keyframe
            written.stream = stream
            container.mux(written)
