"""picamera2 as its documentation and sources describe it (0.3.x), over recorded H.264: for the calls that we make."""

import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest

from hardware.cameras.parameter_sets import annex_b_units, parameter_sets

# ruff: noqa: FBT002 - the signatures are picamera2's own

FPS = 15


class Output:
    """Stands in for picamera2.outputs.Output."""

    def __init__(self, pts: object = None) -> None:
        self.recording = False
        self.needs_pacing = False

    def start(self) -> None:
        self.recording = True

    def stop(self) -> None:
        self.recording = False

    def outputframe(
        self,
        frame: bytes,
        keyframe: bool = True,
        timestamp: int | None = None,
        packet: object = None,
        audio: bool = False,
    ) -> None: ...


class H264Encoder:
    """Stands in for picamera2.encoders.H264Encoder: refuses what is no Output, as the true one does."""

    def __init__(
        self,
        bitrate: int | None = None,
        repeat: bool = True,
        iperiod: int | None = None,
        framerate: float | None = None,
    ) -> None:
        assert bitrate is not None
        assert bitrate > 0
        assert repeat, "parameter sets with every keyframe"
        self.iperiod, self.framerate = iperiod, framerate
        self._output: Output | None = None

    @property
    def output(self) -> Output | None:
        return self._output

    @output.setter
    def output(self, value: object) -> None:
        if not isinstance(value, Output):
            raise RuntimeError("Must pass Output")  # noqa: TRY004 - the true one's own error
        self._output = value


@dataclass
class World:
    """What is plugged in, and how it behaves."""

    units: Sequence[bytes]
    cameras: int = 1
    busy: bool = False
    largest: tuple[int, int] = (4608, 2592)
    silent_after: int | None = None
    sets_alone: bool = False
    begins_mid_stream: bool = False
    frames_a_second: float = 60.0
    opened: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)


class Picamera2:
    """Stands in for picamera2.Picamera2; `world` is set by `install`."""

    world: World

    def __init__(self, camera_num: int = 0) -> None:
        if self.world.busy:
            raise RuntimeError("Camera __init__ sequence did not complete.")
        self.number = camera_num
        self.config: dict[str, Any] | None = None
        self.stopping = threading.Event()
        self.thread: threading.Thread | None = None
        self.world.opened.append(camera_num)

    @classmethod
    def global_camera_info(cls) -> list[dict[str, object]]:
        return [{"Model": "imx708", "Location": 2, "Id": f"/base/{n}", "Num": n} for n in range(cls.world.cameras)]

    def create_video_configuration(self, main: dict[str, Any], controls: dict[str, Any]) -> dict[str, Any]:
        assert controls["FrameDurationLimits"] == (66667, 66667)
        return {"main": dict(main), "controls": controls}

    def configure(self, camera_config: dict[str, Any]) -> None:
        width, height = camera_config["main"]["size"]
        if width > self.world.largest[0] or height > self.world.largest[1]:
            raise RuntimeError("Requested size exceeds the sensor")
        self.config = camera_config

    def camera_configuration(self) -> dict[str, Any]:
        assert self.config is not None
        return self.config

    def start_recording(self, encoder: H264Encoder, output: Output) -> None:
        encoder.output = output
        output.start()
        self.thread = threading.Thread(target=self._send, args=(output,), daemon=True)
        self.thread.start()

    def _send(self, output: Output) -> None:
        sent, at = 0, 5 if self.world.begins_mid_stream else 0
        while not self.stopping.wait(1 / self.world.frames_a_second):
            if sent == self.world.silent_after:
                return
            data = self.world.units[at % len(self.world.units)]
            keyframe = any(unit[0] & 0x1F == 5 for unit in annex_b_units(data))
            stamp = sent * 1_000_000 // FPS
            if keyframe and self.world.sets_alone:
                sets = parameter_sets("h264", data)
                output.outputframe(sets, keyframe, stamp, None, False)
                data = b"".join(
                    b"\x00\x00\x00\x01" + unit for unit in annex_b_units(data) if unit[0] & 0x1F not in {7, 8}
                )
            output.outputframe(data, keyframe, stamp, None, False)
            sent, at = sent + 1, at + 1

    def stop_recording(self) -> None:
        self.stopping.set()
        if self.thread is not None:
            self.thread.join(5)

    def close(self) -> None:
        self.world.closed.append(self.number)


def install(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    """Put the fake where `import picamera2` finds it."""
    package, encoders, outputs = (ModuleType(f"picamera2{part}") for part in ("", ".encoders", ".outputs"))
    package.Picamera2 = type("Picamera2", (Picamera2,), {"world": world})  # type: ignore[attr-defined] # a module made here
    encoders.H264Encoder = H264Encoder  # type: ignore[attr-defined] # a module made here
    outputs.Output = Output  # type: ignore[attr-defined] # a module made here
    for module in (package, encoders, outputs):
        monkeypatch.setitem(sys.modules, module.__name__, module)
