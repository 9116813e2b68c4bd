"""The one case where video is encoded again: pictures with their privacy zones painted replace the camera's own."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import av

from agent.adapters.camera_feed_pyav.picture_analysis import PictureAnalysis
from agent.ports import FeedStep
from agent.vision.mask_pace import MaskPace
from agent.vision.motion import MotionReading
from hardware.camera import CameraRefused, EncodedPacket, StreamInfo
from hardware.cameras.encoder import KEYFRAME_EVERY_S, PictureEncoder

BLIND_AFTER_S = 5.0
"""Media seconds without one decoded picture after which the camera is refused: until then nothing leaves either."""
CANNOT_BE_MASKED = (
    "The video of this camera cannot be decoded, so its privacy zones cannot be painted and nothing of it is recorded: "
    "set its video to plain H.264 or H.265, or take its privacy zones away."
)
MOST_WAITING = 64
"""Coded pictures that a decoder may hold back to put them in order; no profile allows more than 16."""


class MaskedPictures:
    """Takes a camera's packets, gives those that may leave; of its pictures nothing but painted ones, from the first.

    `analysis` paints. Pictures keep their times, come in the order they are shown in, and have a keyframe every 2 s
    at least; sound is passed on untouched. `monotonic` measures whether the encoder keeps up: where it does not, only
    every n-th picture is encoded, and `said(n)` is told of each change.

    Raises CameraRefused when nothing here can encode.
    """

    def __init__(
        self,
        stream: StreamInfo,
        analysis: PictureAnalysis,
        *,
        monotonic: Callable[[], float],
        said: Callable[[int], None],
    ) -> None:
        self._analysis = analysis
        self._monotonic = monotonic
        self._said = said
        self._pace = MaskPace()
        self._reading: MotionReading | None = None
        self._last_pts: int | None = None
        self._described_anew = False
        self._start(stream)

    def _start(self, stream: StreamInfo) -> None:
        self._encoder = PictureEncoder(
            width=stream.width, height=stream.height, time_base=stream.time_base, fps=max(1.0, stream.nominal_fps)
        )
        self.stream = replace(
            stream, codec="h264", width=self._encoder.width, height=self._encoder.height, extradata=b""
        )
        self._keyframe_ticks = int(KEYFRAME_EVERY_S / stream.time_base)
        self._blind_ticks = 0
        self._key_pts: int | None = None
        self._waiting: OrderedDict[int, EncodedPacket] = OrderedDict()
        self._coming: dict[int, tuple[EncodedPacket, MotionReading | None]] = {}

    def take(self, packet: EncodedPacket) -> Sequence[FeedStep]:
        """Take one packet; raises CameraRefused when the pictures cannot be decoded for 5 s."""
        if packet.is_audio:
            return (FeedStep(packet, None),)
        began_s = self._monotonic()
        steps: list[FeedStep] = []
        if packet.stream is not None:
            steps += self.finish()
            self._start(packet.stream)
            self._described_anew = True
        self._waiting[packet.pts] = packet
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)
        pictures = list(self._analysis.each_picture_of(packet))
        self._blind_ticks = 0 if pictures else self._blind_ticks + packet.duration
        if self._blind_ticks * self.stream.time_base > BLIND_AFTER_S:
            raise CameraRefused(CANNOT_BE_MASKED)
        encoded = False
        for frame, reading in pictures:
            self._reading = reading or self._reading
            if self._pace.due():
                encoded = True
                steps += self._encode(frame, self._waiting.pop(frame.pts or 0, packet))
        took_s = self._monotonic() - began_s
        if self._pace.took(took_s, float(packet.duration * self.stream.time_base), encoded=encoded):
            self._said(self._pace.every)
        return steps

    def finish(self) -> Sequence[FeedStep]:
        """Return what decoder and encoder still held, when the video ends or is described anew."""
        if not self._waiting and not self._coming:
            return ()
        newest = next(reversed(self._waiting.values()), None)
        steps: list[FeedStep] = []
        for frame, reading in self._analysis.finish():
            packet = self._waiting.pop(frame.pts or 0, newest)
            if packet is not None:
                self._reading = reading or self._reading
                steps += self._encode(frame, packet)
        return [*steps, *self._steps_of(self._encoder.finish())]

    def _encode(self, frame: av.VideoFrame, packet: EncodedPacket) -> Iterator[FeedStep]:
        pts = packet.pts if frame.pts is None else frame.pts
        if self._last_pts is not None and pts <= self._last_pts:
            pts = self._last_pts + 1
        self._last_pts = frame.pts = pts
        wants_keyframe = self._key_pts is None or pts - self._key_pts >= self._keyframe_ticks
        if wants_keyframe:
            self._key_pts = pts
        reading, self._reading = self._reading, None
        self._coming[pts] = packet, reading
        return self._steps_of(self._encoder.encode(frame, keyframe=wants_keyframe))

    def _steps_of(self, encoded: Iterable[tuple[bytes, int, bool]]) -> Iterator[FeedStep]:
        for data, pts, is_keyframe in encoded:
            source, reading = self._coming.pop(pts)
            described = self.stream if self._described_anew and is_keyframe else None
            self._described_anew = self._described_anew and described is None
            if is_keyframe:
                self._key_pts = pts
            packet = EncodedPacket(
                data, pts, pts, source.duration * self._pace.every, is_keyframe, source.arrived_s, stream=described
            )
            yield FeedStep(packet, reading)
