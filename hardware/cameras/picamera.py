"""A Pi camera through picamera2, imported only when one is configured: its encoder's H.264 is passed through."""

import importlib
import queue
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import chain
from typing import Any, Final

from hardware.camera import CameraLost, CameraRefused, EncodedPacket, StreamInfo
from hardware.cameras.encoder import BITS_PER_PIXEL, KEYFRAME_EVERY_S
from hardware.cameras.interruptible import InterruptibleSource
from hardware.cameras.parameter_sets import annex_b_units, parameter_sets
from hardware.cameras.timestamps import StampRepair

LIBRARY: Final = "picamera2"
TIME_BASE: Final = Fraction(1, 1_000_000)
READ_S: Final = 5.0
LONGEST_GAP_S: Final = 6.0
WAITING_PACKETS: Final = 256
LARGEST_SETS_ALONE: Final = 512
"""Some drivers send the parameter sets as a buffer of their own; it is never larger than this many bytes."""
PICTURE_UNITS: Final = frozenset(range(1, 6))
LISTED_WITH: Final = "rpicam-hello --list-cameras"

Frame = tuple[bytes, bool, int | None]
"""One access unit, whether it is a keyframe, and its time in microseconds since the first."""


class PicameraLink:
    """The blocking side of a Pi camera. Frames come from picamera2's own thread into a bounded queue.

    A reader that falls 256 frames behind loses the camera: a frame that is left out would break every one after it.
    """

    def __init__(
        self, number: int, *, width: int, height: int, nominal_fps: float, monotonic: Callable[[], float]
    ) -> None:
        self._number = number
        self._size = (width // 2 * 2, height // 2 * 2)
        self._fps = nominal_fps
        self._monotonic = monotonic
        self._name = f"The Pi camera {number}"
        self._camera: Any = None
        self._frames: queue.Queue[tuple[Frame, float]] = queue.Queue(WAITING_PACKETS)
        self._overrun = False
        self._packets: Iterator[EncodedPacket | None] = iter(())

    def connect(self) -> StreamInfo:
        library = _imported(LIBRARY)
        encoders, outputs = _imported(f"{LIBRARY}.encoders"), _imported(f"{LIBRARY}.outputs")
        self._open(library)
        try:
            self._configure()
            encoder = encoders.H264Encoder(
                bitrate=int(self._size[0] * self._size[1] * self._fps * BITS_PER_PIXEL),
                repeat=True,
                iperiod=max(1, round(self._fps * KEYFRAME_EVERY_S)),
                framerate=self._fps,
            )
            self._camera.start_recording(encoder, _output(outputs.Output, self._take))
        except Exception as error:
            raise CameraRefused(
                f"{self._name} does not take {self._size[0]}x{self._size[1]} at {self._fps:g} pictures a second "
                f"({error}); choose a size and a rate that `{LISTED_WITH}` names."
            ) from error
        packets = self._encoded()
        first = next(packet for packet in packets if packet is not None)
        self._packets = chain((first,), packets)
        return StreamInfo("h264", *self._size, TIME_BASE, self._fps, parameter_sets("h264", first.data))

    def read(self) -> Iterator[EncodedPacket | None]:
        return self._packets

    def release(self) -> None:
        self._packets = iter(())
        camera, self._camera = self._camera, None
        if camera is not None:
            for end in (camera.stop_recording, camera.close):
                with suppress(Exception):  # a camera that is gone has nothing left to end
                    end()

    def _open(self, library: Any) -> None:  # noqa: ANN401 - picamera2 ships no types
        found = library.Picamera2.global_camera_info()
        if self._number >= len(found):
            raise CameraLost(
                f"{self._name} is not there (found: {len(found)}); switch the board off, check the ribbon cable, and "
                f"look with `{LISTED_WITH}`."
            )
        try:
            self._camera = library.Picamera2(self._number)
        except Exception as error:
            raise CameraLost(f"{self._name} is in use by another program, or does not answer: {error}") from error

    def _configure(self) -> None:
        frame_us = round(1_000_000 / self._fps)
        wanted = self._camera.create_video_configuration(
            main={"size": self._size, "format": "YUV420"}, controls={"FrameDurationLimits": (frame_us, frame_us)}
        )
        self._camera.configure(wanted)
        width, height = self._camera.camera_configuration()["main"]["size"]  # picamera2 may round it
        self._size = (int(width), int(height))

    def _take(self, frame: Frame) -> None:
        """Take one frame on picamera2's thread; never blocks."""
        try:
            self._frames.put_nowait((frame, self._monotonic()))
        except queue.Full:
            self._overrun = True

    def _encoded(self) -> Iterator[EncodedPacket | None]:
        repair = StampRepair(time_base=TIME_BASE, nominal_fps=self._fps, longest_gap_s=LONGEST_GAP_S)
        started, sets = False, b""
        while True:
            (data, is_keyframe, at_us), arrived_s = self._next_frame()
            if _sets_alone(data):
                sets = data
                continue
            data, sets = sets + data, b""
            started = started or (is_keyframe and bool(parameter_sets("h264", data)))
            if not started:
                yield None
                continue
            stamp = repair.step(at_us, at_us)
            yield EncodedPacket(data, stamp.pts, stamp.dts, stamp.duration, is_keyframe, arrived_s)

    def _next_frame(self) -> tuple[Frame, float]:
        if self._overrun:
            raise CameraLost(f"The agent is too busy to keep up with {self._name[4:]}: lower its size or its rate.")
        try:
            return self._frames.get(timeout=READ_S)
        except queue.Empty:
            raise CameraLost(f"{self._name} stopped sending; check its ribbon cable and the board's power.") from None


def picamera_source(
    number: str, *, monotonic: Callable[[], float], width: int = 1280, height: int = 720, fps: int = 15
) -> InterruptibleSource:
    """Return a CameraSource for the Pi camera with that number (`0` is the first); CameraRefused for none."""
    if not number.isascii() or not number.isdecimal():
        raise CameraRefused("A Pi camera is written picamera:0, or picamera:0?width=1280&height=720&fps=15.")
    link = PicameraLink(int(number), width=width, height=height, nominal_fps=float(fps), monotonic=monotonic)
    return InterruptibleSource(link, silence=f"The Pi camera {number} is open but sends no pictures.")


def _imported(module: str) -> Any:  # noqa: ANN401 - picamera2 ships no types
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise CameraRefused(
            "picamera2 is not installed for this Python: on Raspberry Pi OS run `sudo apt install python3-picamera2`, "
            f"and set include-system-site-packages = true in .venv/pyvenv.cfg (no module {error.name})."
        ) from error
    except Exception as error:
        raise CameraRefused(
            f"picamera2 is installed but cannot be loaded here ({type(error).__name__}: {error}); update the system: "
            "sudo apt full-upgrade."
        ) from error


def _output(base: Any, take: Callable[[Frame], None]) -> object:  # noqa: ANN401 - picamera2 ships no types
    """Return an output of picamera2's own kind (its encoders take no other) that hands every frame on."""

    def outputframe(
        _self: object,
        frame: bytes,
        keyframe: bool = True,  # noqa: FBT001, FBT002 - as above
        timestamp: int | None = None,
        packet: object = None,  # noqa: ARG001 - as above
        audio: bool = False,  # noqa: FBT001, FBT002 - as above
    ) -> None:
        if not audio:
            take((bytes(frame), keyframe, timestamp))

    return type("PacketOutput", (base,), {"outputframe": outputframe})()


def _sets_alone(data: bytes) -> bool:
    """Say whether an access unit holds no picture."""
    return len(data) <= LARGEST_SETS_ALONE and not any(unit[0] & 0x1F in PICTURE_UNITS for unit in annex_b_units(data))
