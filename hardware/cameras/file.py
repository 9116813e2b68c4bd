"""A recorded file as a camera: played once or for ever, in real time or as fast as it can be read."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import av
from av.container import InputContainer

from hardware.camera import CameraLost, CameraRefused, EncodedPacket, StreamInfo
from hardware.cameras.pacing import Pacer
from hardware.cameras.sound import SoundTrack, sound_stream
from hardware.cameras.timestamps import StampRepair
from hardware.cameras.video_stream import StreamPackets, stream_info, taken_sound, video_stream, with_parameter_sets

LONGEST_GAP_S = 60.0


class FileSource:
    """A CameraSource over a video file. Looped, its timestamps go on rising by one frame across the seam.

    `nominal_fps` is used only for streams that carry no times (a raw `.h264`). A damaged tail ends the pass there.
    """

    def __init__(
        self,
        path: Path,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        looped: bool = True,
        paced: bool = True,
        nominal_fps: float = 25.0,
        audio: bool = True,
    ) -> None:
        self._path = path
        self._monotonic = monotonic
        self._looped = looped
        self._pacer = Pacer(monotonic, sleep) if paced else None
        self._nominal_fps = nominal_fps
        self._audio = audio
        self._sound: SoundTrack | None = None
        self._info: StreamInfo | None = None
        self._closed = threading.Event()

    def open(self) -> StreamInfo:
        with self._container() as container:
            stream = video_stream(container, self._name)
            info = stream_info(container, stream, nominal_fps=self._nominal_fps, what=self._name)
            self._sound, left_out = taken_sound(container, wanted=self._audio)
            info = replace(info, audio=self._sound.info if self._sound else None, sound_left_out=left_out)
            self._info = with_parameter_sets(info, self._first_keyframe(container, info))
        return self._info

    def packets(self) -> Iterator[EncodedPacket]:
        if self._info is None:
            raise CameraLost(f"{self._name} was not opened before it was read.")
        repair = self._repair(self._info)
        ours = StreamPackets(self._info, repair, self._monotonic, what=self._name, sound=self._sound)
        while not self._closed.is_set():
            for packet in self._one_pass(ours):
                if self._pacer is not None:
                    self._pacer.wait(float(packet.dts * self._info.time_base), self._closed.is_set)
                if self._closed.is_set():
                    return
                yield packet if self._pacer is None else replace(packet, arrived_s=self._monotonic())
            if not self._looped:
                return
            repair.restart()

    def close(self) -> None:
        self._closed.set()

    @property
    def _name(self) -> str:
        return f"The file {self._path.name}"

    def _repair(self, info: StreamInfo) -> StampRepair:
        return StampRepair(time_base=info.time_base, nominal_fps=info.nominal_fps, longest_gap_s=LONGEST_GAP_S)

    def _one_pass(self, ours: StreamPackets) -> Iterator[EncodedPacket]:
        try:
            with self._container() as container:
                stream = video_stream(container, self._name)
                heard = sound_stream(container) if self._sound is not None else None
                streams = (stream,) if heard is None else (stream, heard)
                for packet in ours.of(container.demux(*streams)):
                    if packet is not None:
                        yield packet
        except av.InvalidDataError:
            return
        except OSError:
            raise CameraLost(f"{self._name} can no longer be read; is its disk still there?") from None

    def _first_keyframe(self, container: InputContainer, info: StreamInfo) -> EncodedPacket:
        stream = video_stream(container, self._name)
        ours = StreamPackets(info, self._repair(info), self._monotonic, what=self._name, sound=None)
        for packet in ours.of(container.demux(stream)):
            if packet is not None:
                return packet
        raise CameraRefused(f"{self._name} has no keyframe to start from; record or convert it again.")

    def _container(self) -> InputContainer:
        try:
            return av.open(str(self._path), mode="r")
        except FileNotFoundError:
            raise CameraRefused(f"There is no video file at {self._path}; check the path.") from None
        except IsADirectoryError:
            raise CameraRefused(f"{self._path} is a folder; name a video file in it.") from None
        except PermissionError:
            raise CameraRefused(f"{self._path} may not be read; give the agent's user the right to read it.") from None
        except av.FFmpegError:
            raise CameraRefused(f"{self._name} is not a video file that can be read; try to play it first.") from None
