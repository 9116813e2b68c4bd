"""An RTSP camera over TCP: packets as the camera sent them, and sentences for everything that goes wrong on the way."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import av
from av.container import InputContainer

from hardware.camera import CameraError, CameraLost, CameraRefused, EncodedPacket, StreamInfo
from hardware.cameras.interruptible import InterruptibleSource
from hardware.cameras.sound import SoundTrack, sound_stream
from hardware.cameras.timestamps import StampRepair
from hardware.cameras.video_stream import StreamPackets, stream_info, taken_sound, video_stream

CONNECT_S = 4.0
READ_S = 2.5
"""FFmpeg gives a frozen peer twice this time: once for the packet, once for the farewell."""

OPTIONS = {
    "rtsp_transport": "tcp",
    "fpsprobesize": "3",  # FFmpeg would watch 20 frames to guess the rate: 1.3 s without a picture at 15 a second
}

PATIENCE_WITH_SOUND = "1500000"
"""Microseconds of pictures after which FFmpeg no longer waits (else 5 s) for sound that is offered and never comes."""

LONGEST_GAP_S = 6.0
"""A live camera that is silent for longer is lost, so a larger step in its stamps is a clock that was set."""


class RtspLink:
    """The blocking side. The address holds the password: no message and no exception of ours may carry it."""

    def __init__(self, address: str, *, monotonic: Callable[[], float], nominal_fps: float, audio: bool) -> None:
        self._address = address
        self._monotonic = monotonic
        self._nominal_fps = nominal_fps
        self._audio = audio
        self._sound: SoundTrack | None = None
        self._name = f"The camera at {_host_and_port(address)}"
        self._container: InputContainer | None = None
        self._info: StreamInfo | None = None

    def connect(self) -> StreamInfo:
        failure: CameraError
        began_s = self._monotonic()
        try:
            self._container = self._opened()
        except (av.FFmpegError, OSError) as error:
            waited = self._monotonic() - began_s >= CONNECT_S
            failure = self._silent() if waited else self._explain(error)
        else:
            stream = video_stream(self._container, self._name)
            info = stream_info(self._container, stream, nominal_fps=self._nominal_fps, what=self._name)
            self._sound, left_out = taken_sound(self._container, wanted=self._audio)
            self._info = replace(info, audio=self._sound.info if self._sound else None, sound_left_out=left_out)
            return self._info
        raise failure  # outside the handler: FFmpeg's error holds the address, and must not hang on to ours

    def _opened(self) -> InputContainer:
        """Open with sound where it is wanted; a camera that offers sound and then refuses it is asked without."""
        if self._audio:
            try:
                return self._asked("video+audio", analyzeduration=PATIENCE_WITH_SOUND)
            except REFUSED as error:
                if isinstance(error, REFUSED_AS_A_WHOLE):
                    raise
        return self._asked("video")

    def _asked(self, kinds: str, **more: str) -> InputContainer:
        options = {**OPTIONS, "allowed_media_types": kinds, **more}
        return av.open(self._address, mode="r", options=options, timeout=(CONNECT_S, READ_S))

    def read(self) -> Iterator[EncodedPacket | None]:
        if self._container is None or self._info is None:
            return
        stream = video_stream(self._container, self._name)
        repair = StampRepair(
            time_base=self._info.time_base,
            nominal_fps=self._info.nominal_fps,
            longest_gap_s=LONGEST_GAP_S,
            first=0,  # FFmpeg counts from the first picture, whose own stamp it does not give
        )
        failure = CameraLost(f"{self._name} ended the connection; the agent tries again.")
        heard = sound_stream(self._container) if self._sound is not None else None
        streams = (stream,) if heard is None else (stream, heard)
        ours = StreamPackets(self._info, repair, self._monotonic, what=self._name, sound=self._sound)
        try:
            yield from ours.of(self._container.demux(*streams))
        except (av.FFmpegError, OSError) as error:
            failure = self._lost(error)
        raise failure

    def release(self) -> None:
        if self._container is not None:
            self._container.close()
            self._container = None

    def _lost(self, error: Exception) -> CameraLost:
        if isinstance(error, av.ExitError):
            return CameraLost(f"{self._name} stopped sending; is it still on, and on the network?")
        return CameraLost(f"{self._name} broke off in the middle of its stream; the agent tries again.")

    def _silent(self) -> CameraLost:
        """FFmpeg reports a peer that says nothing, or nothing whole, as invalid data: only the time tells."""
        return CameraLost(f"{self._name} did not answer in time as an RTSP camera; check its port, and that it is on.")

    def _explain(self, error: Exception) -> CameraError:
        for kinds, failure, sentence in EXPLANATIONS:
            if isinstance(error, kinds):
                return failure(sentence.format(camera=self._name))
        return CameraLost(f"{self._name} cannot be reached; check its address and that it is on the network.")


REFUSED = (av.HTTPClientError, av.HTTPServerError)
"""Every answer that is no yes."""
REFUSED_AS_A_WHOLE = (av.HTTPUnauthorizedError, av.HTTPForbiddenError, av.HTTPNotFoundError)
"""Answers about the camera, and not about its sound alone."""

EXPLANATIONS: tuple[tuple[tuple[type[Exception], ...], type[CameraError], str], ...] = (
    (
        (av.HTTPUnauthorizedError, av.HTTPForbiddenError),
        CameraRefused,
        "{camera} refused the user name or password; correct them in its address (rtsp://user:password@...).",
    ),
    (
        (av.HTTPNotFoundError,),
        CameraRefused,
        "{camera} has no stream under this path; its manual or its settings page says the right one.",
    ),
    (
        REFUSED,
        CameraRefused,
        "{camera} refused the request; check the path of the stream and that the camera offers RTSP over TCP.",
    ),
    (
        (av.InvalidDataError, av.ProtocolNotFoundError),
        CameraRefused,
        "{camera} does not answer as an RTSP camera; check the port, and that RTSP is switched on.",
    ),
    (
        (ConnectionRefusedError,),
        CameraLost,
        "{camera} refuses connections; check the port, and that the camera is on and RTSP is switched on.",
    ),
)


def rtsp_source(
    address: str, *, monotonic: Callable[[], float], nominal_fps: float = 25.0, audio: bool = True
) -> InterruptibleSource:
    """Return a CameraSource for `rtsp://` or `rtsps://` (TCP only, so that a firewall needs one rule)."""
    link = RtspLink(address, monotonic=monotonic, nominal_fps=nominal_fps, audio=audio)
    return InterruptibleSource(link, silence=f"The camera at {_host_and_port(address)} sends no pictures.")


def _host_and_port(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.hostname}:{parts.port or (322 if parts.scheme == 'rtsps' else 554)}"
