"""A local camera through V4L2: H.264 passed through where the camera has it, else encoded once, here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from hardware.camera import CameraError, CameraLost, CameraRefused, EncodedPacket, StreamInfo
from hardware.cameras.encoder import ENCODERS, PictureEncoder
from hardware.cameras.interruptible import InterruptibleSource
from hardware.cameras.parameter_sets import parameter_sets
from hardware.cameras.timestamps import StampRepair
from hardware.cameras.video_stream import STORABLE_CODECS, StreamPackets, frame_rate, stream_info, video_stream

LONGEST_GAP_S = 6.0
READ_S = 5.0
STABLE_NAMES = Path("/dev/v4l/by-id")


@dataclass(frozen=True, slots=True)
class Input:
    """One way to ask FFmpeg for the camera; they are tried in order until one opens."""

    ffmpeg_format: str
    options: Mapping[str, str] = field(default_factory=dict)


def v4l2_inputs(width: int, height: int, fps: float) -> tuple[Input, ...]:
    """Ask for H.264 first (costs nothing), then MJPEG (most USB cameras at full size), then whatever there is."""
    picture = {"video_size": f"{width}x{height}", "framerate": f"{fps:g}"}
    return (
        Input("video4linux2", {"input_format": "h264", **picture}),
        Input("video4linux2", {"input_format": "mjpeg", **picture}),
        Input("video4linux2", picture),
        Input("video4linux2"),
    )


class V4l2Link:
    """The blocking side of a local camera, over any FFmpeg input device (so that lavfi can stand in for V4L2)."""

    def __init__(
        self,
        device: str,
        *,
        inputs: Sequence[Input],
        monotonic: Callable[[], float],
        nominal_fps: float,
        encoders: Sequence[str] = ENCODERS,
    ) -> None:
        self._device = device
        self._inputs = inputs
        self._monotonic = monotonic
        self._nominal_fps = nominal_fps
        self._encoders = encoders
        self._name = f"The camera {device}"
        self._container: InputContainer | None = None
        self._packets: Iterator[EncodedPacket | None] = iter(())

    def connect(self) -> StreamInfo:
        self._container = self._open_first()
        stream = video_stream(self._container, self._name)
        if stream.codec_context.name in STORABLE_CODECS:
            info = stream_info(self._container, stream, nominal_fps=self._nominal_fps, what=self._name)
            ours = StreamPackets(info, self._repair(info), self._monotonic, what=self._name, sound=None)
            self._packets = ours.of(self._container.demux(stream))
            return info
        return self._start_encoding(self._container, stream)

    def read(self) -> Iterator[EncodedPacket | None]:
        failure = CameraLost(f"{self._name} ended its stream; is it still plugged in?")
        try:
            yield from self._packets
        except (av.FFmpegError, OSError):
            failure = CameraLost(
                f"{self._name} stopped sending; plug it in again, in another port or with a better cable."
            )
        raise failure

    def release(self) -> None:
        self._packets = iter(())
        if self._container is not None:
            self._container.close()
            self._container = None

    def _start_encoding(self, container: InputContainer, stream: VideoStream) -> StreamInfo:
        stream.codec_context.thread_count = 1
        fps = frame_rate(container, stream, self._nominal_fps)
        info = StreamInfo("h264", 0, 0, stream.time_base or Fraction(1, 90000), fps, b"")
        packets = self._encoded(container, stream, info)
        try:
            first = next(packets, None)
        except (av.FFmpegError, OSError):
            first = None
        if first is None:
            raise CameraLost(f"{self._name} is open but sends no pictures; plug it in again.")
        self._packets = chain((first,), packets)
        return StreamInfo(
            "h264",
            stream.width // 2 * 2,
            stream.height // 2 * 2,
            info.time_base,
            fps,
            parameter_sets("h264", first.data),
        )

    def _encoded(self, container: InputContainer, stream: VideoStream, info: StreamInfo) -> Iterator[EncodedPacket]:
        encoder: PictureEncoder | None = None
        repair = self._repair(info)
        interval = max(1, round(1 / (info.nominal_fps * info.time_base)))
        last_dts = -1
        for picture in self._pictures(container, stream):
            arrived_s = self._monotonic()
            picture.pts = repair.step(picture.pts, picture.pts).dts
            if encoder is None:
                encoder = PictureEncoder(
                    width=picture.width,
                    height=picture.height,
                    time_base=info.time_base,
                    fps=info.nominal_fps,
                    candidates=self._encoders,
                )
            for data, given, is_keyframe in encoder.encode(picture):
                last_dts = max(given, last_dts + 1)
                yield EncodedPacket(data, last_dts, last_dts, interval, is_keyframe, arrived_s)

    def _pictures(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        """Decode; a damaged picture (USB cameras cut MJPEG short now and then) is skipped."""
        for packet in container.demux(stream):
            try:
                pictures = packet.decode()
            except av.InvalidDataError:
                continue
            for picture in pictures:
                if isinstance(picture, VideoFrame):
                    yield picture

    def _repair(self, info: StreamInfo) -> StampRepair:
        return StampRepair(time_base=info.time_base, nominal_fps=info.nominal_fps, longest_gap_s=LONGEST_GAP_S)

    def _open_first(self) -> InputContainer:
        failure: CameraError = CameraRefused(f"{self._name} cannot be opened in any format that is known here.")
        for way in self._inputs:
            try:
                return av.open(
                    self._device,
                    mode="r",
                    format=way.ffmpeg_format,
                    options=dict(way.options),
                    timeout=(READ_S, READ_S),
                )
            except ValueError:
                continue  # this FFmpeg was built without that kind of input
            except (av.FFmpegError, OSError) as error:
                failure = self._explain(error)
                if isinstance(failure, CameraLost):
                    break
        raise failure

    def _explain(self, error: Exception) -> CameraError:
        if isinstance(error, FileNotFoundError):
            return CameraLost(f"{self._name} is not there; plug it in. Cameras here: {_listed(stable_addresses())}.")
        if isinstance(error, PermissionError):
            return CameraRefused(f"{self._name} may not be opened; add the agent's user to the group video.")
        if isinstance(error, OSError) and error.errno in BUSY_OR_GONE:
            return CameraLost(f"{self._name} is in use by another program, or was just pulled out.")
        return CameraRefused(f"{self._name} cannot be opened as a camera; choose one of {_listed(stable_addresses())}.")


BUSY_OR_GONE = frozenset({16, 19, 6, 5})
"""EBUSY, ENODEV, ENXIO, EIO."""


def v4l2_source(
    device: str,
    *,
    monotonic: Callable[[], float],
    width: int = 1280,
    height: int = 720,
    nominal_fps: float = 15.0,
    inputs: Sequence[Input] | None = None,
) -> InterruptibleSource:
    """Return a CameraSource for a device file; width, height and frame rate are what is asked for, not promised."""
    link = V4l2Link(
        device,
        inputs=v4l2_inputs(width, height, nominal_fps) if inputs is None else inputs,
        monotonic=monotonic,
        nominal_fps=nominal_fps,
    )
    return InterruptibleSource(link, silence=f"The camera {device} is open but sends no pictures; plug it in again.")


def stable_addresses(folder: Path = STABLE_NAMES) -> list[str]:
    """Return the cameras that are plugged in by names that stay the same over a restart and another USB port.

    Only first video nodes: index 0 is the picture, others carry metadata.
    """
    if not folder.is_dir():
        return []
    return sorted(str(link) for link in folder.iterdir() if link.name.endswith("-index0"))


def stable_address(device: str, folder: Path = STABLE_NAMES) -> str:
    """Return the lasting name of `/dev/videoN`, or the device itself when it has none."""
    wanted = Path(device).resolve()
    return next((name for name in stable_addresses(folder) if Path(name).resolve() == wanted), device)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "(none found)"
