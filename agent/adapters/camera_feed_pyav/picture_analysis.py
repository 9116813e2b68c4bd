"""Decodes packets as cheaply as motion allows and shows a few pictures a second to the detector."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from agent.adapters.camera_feed_pyav.onset_picture import OnsetPictures, jpeg, scaled
from agent.adapters.camera_feed_pyav.person_crop import crop_around
from agent.domain.motion_why import minimum_area_at
from agent.vision.detector import MINIMUM_AREA, MotionDetector
from agent.vision.mask import PrivacyMask
from agent.vision.motion import MotionReading, merged
from agent.vision.packet_gate import PacketGate
from agent.vision.person import Box, Crop
from agent.vision.small_picture import LookPace, small_luma
from agent.vision.zones import WATCH_ALL, WatchedParts
from hardware.camera import EncodedPacket, StreamInfo

DECODES_AVERAGED = 50


class PictureAnalysis:
    """One stream's decoder, detector and newest picture; used by one thread, except `newest_jpeg`.

    A packet that cannot be decoded gives no reading and no error: recording goes on, and who reads the steps sees
    that readings stay away. With a `mask` every picture is decoded whole and painted before anybody sees it, the
    detector as well. Without `watches` there are pictures but no readings, without
    `pictures` no reading holds one. `sensitivity` (1 to 9) is asked at each picture that the detector sees; without it
    the detector stays as it was made. A `gate` may keep packets undecoded for a while; their pictures come late
    then, all at once, or never. Pictures that are masked, or come in another order than their packets, are not gated.
    """

    def __init__(
        self,
        stream: StreamInfo,
        detector: MotionDetector | None = None,
        *,
        watched: WatchedParts = WATCH_ALL,
        mask: PrivacyMask | None = None,
        watches: bool = True,
        pictures: bool = True,
        sensitivity: Callable[[], int] | None = None,
        gate: PacketGate | None = None,
    ) -> None:
        self._stream = stream
        self._gate = None if mask is not None or not watches else gate
        self._kept: list[EncodedPacket] = []
        self._decode_s = 0.0
        self._sensitivity = sensitivity
        self._watched = watched
        self._mask = mask
        self._watches = watches
        self._detector = detector or MotionDetector(watched=watched)
        self._onsets = OnsetPictures(pictures=pictures)
        self._pace = LookPace(stream.nominal_fps)
        self._newest: av.VideoFrame | None = None
        self._decoding = threading.Lock()  # a picture held while the next ones are decoded is 4 MB that stay
        self._decoder = self._new_decoder()
        if gate is not None:
            gate.begin()
            if self._gate is None:
                gate.stand_down()
        self.pictures = 0

    @property
    def stream(self) -> StreamInfo:
        """The stream as it is described now."""
        return self._stream

    def _begin_anew(self, stream: StreamInfo) -> None:
        with self._decoding:
            self._stream = stream
            self._kept = []
            self._decoder = self._new_decoder()
            self._detector = MotionDetector(watched=self._watched)
            self._onsets = self._onsets.anew()

    def _new_decoder(self) -> VideoCodecContext:
        decoder = av.CodecContext.create(self._stream.codec, "r")
        if not isinstance(decoder, VideoCodecContext):  # pragma: no cover - h264 and hevc are video
            raise TypeError(f"{self._stream.codec} is not a video codec")
        if self._stream.extradata:
            decoder.extradata = self._stream.extradata
        decoder.thread_count = 1
        if self._mask is not None:
            return decoder  # its pictures are stored
        decoder.options = {"skip_loop_filter": "all"}  # a quarter of the cost, and motion does not see it
        decoder.skip_frame = "NONREF"  # pictures that no other needs; saves only where a camera sends such
        return decoder

    def see(self, packet: EncodedPacket) -> MotionReading | None:
        """Decode what is due; return what the detector said of the pictures that came out of it, if any was looked at.

        Several are merged into one. Sound says nothing; pictures that are described anew get a new decoder.
        """
        reading = None
        for _, said in self.each_picture_of(packet):
            reading = reading if said is None else merged(reading, said)
        return reading

    def each_picture_of(self, packet: EncodedPacket) -> Iterator[tuple[av.VideoFrame, MotionReading | None]]:
        """Decode what is due; yield the pictures that come out of it, painted, with what the detector said of each.

        One after the other: a whole group of pictures, after a rest, would be 150 MB at once.
        """
        if packet.is_audio:
            return
        if packet.stream is not None:
            self._begin_anew(packet.stream)
        for due in [packet] if self._gate is None else self._due(self._gate, packet):
            copy = av.Packet(due.data)
            copy.pts, copy.dts, copy.time_base = due.pts, due.dts, self._stream.time_base
            copy.is_keyframe = due.is_keyframe
            yield from self._decoded(copy)

    def _due(self, gate: PacketGate, packet: EncodedPacket) -> Sequence[EncodedPacket]:
        """Return what is to be decoded now: nothing, this packet, or this and all that were kept before it."""
        if packet.pts != packet.dts:
            gate.stand_down()
            self._gate, due, self._kept = None, [*self._kept, packet], []
            return due  # a keyframe alone would come out only with what follows it
        at_s, size = float(packet.pts * self._stream.time_base), len(packet.data)
        awake = gate.awake(at_s, size, is_keyframe=packet.is_keyframe, decode_s=self._decode_s)
        if packet.is_keyframe:
            self._kept = []
            return [packet]
        self._kept.append(packet)
        if not awake:
            return ()
        due, self._kept = self._kept, []
        return due

    def finish(self) -> Sequence[tuple[av.VideoFrame, MotionReading | None]]:
        """Return the pictures that the decoder still held back; a new decoder is needed afterwards."""
        return self._decoded(None)

    def _decoded(self, packet: "av.Packet[Any] | None") -> Sequence[tuple[av.VideoFrame, MotionReading | None]]:
        with self._decoding:
            began_s = time.thread_time()
            try:
                frames = self._decoder.decode(packet)
            except av.FFmpegError:
                return ()
            self._decode_s += (time.thread_time() - began_s - self._decode_s) / DECODES_AVERAGED
            return [self._look(frame) for frame in frames]

    def _look(self, frame: av.VideoFrame) -> tuple[av.VideoFrame, MotionReading | None]:
        if self._mask is not None:
            frame = _painted(frame, self._mask)
        self._newest = frame
        self.pictures += 1
        if frame.pts is None or not self._watches:
            return frame, None
        at_s = float(frame.pts * self._stream.time_base)
        if not self._pace.due(at_s):
            return frame, None
        return frame, self._onsets.noted(self._detected(frame, at_s), frame)

    def _detected(self, frame: av.VideoFrame, at_s: float) -> MotionReading:
        small = small_luma(luma_plane(frame))
        level = None if self._sensitivity is None else self._sensitivity()
        if level is not None:
            self._detector.ask_for(minimum_area_at(level, MINIMUM_AREA))
        reading = self._detector.see(small, at_s)
        if self._gate is not None:
            self._gate.saw(reading)
        return replace(reading, sensitivity=level)

    def newest_jpeg(self, max_width: int) -> bytes | None:
        """Encode the newest picture at most `max_width` wide; `None` before the first. Callable from any thread.

        Behind a gate it may be as old as the newest keyframe; the next ones are decoded for who asks again.
        """
        if self._gate is not None:
            self._gate.ask()
        with self._decoding:
            picture = None if self._newest is None else scaled(self._newest, max_width)
        return None if picture is None else jpeg(picture)

    def newest_crop(self, box: Box) -> Crop | None:
        """Cut the newest picture around a motion box; `None` before the first. Callable from any thread."""
        with self._decoding:
            return None if self._newest is None else crop_around(self._newest, box)


def luma_plane(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """Return the brightness of a decoded picture (height x width, 8 bits) as a view where its format allows."""
    plane = frame.planes[0]
    bits = frame.format.components[0].bits
    if bits > 8:  # noqa: PLR2004 - H.265 cameras may send 10 bits in two bytes
        wide = np.frombuffer(memoryview(plane), np.uint16).reshape(frame.height, plane.line_size // 2)[:, : frame.width]
        return (wide >> (bits - 8)).astype(np.uint8)
    return np.frombuffer(memoryview(plane), np.uint8).reshape(frame.height, plane.line_size)[:, : frame.width]


def _painted(frame: av.VideoFrame, mask: PrivacyMask) -> av.VideoFrame:
    """Return a painted copy in yuv420p: the decoder predicts later pictures from its own."""
    plain = "yuv420p"
    if frame.format.name == plain:
        copy = av.VideoFrame(frame.width, frame.height, plain)
        for to, plane in zip(copy.planes, frame.planes, strict=True):
            np.copyto(_pixels(to), _pixels(plane))
    else:
        copy = frame.reformat(format=plain, threads=1)
    copy.pts = frame.pts
    mask.paint([_pixels(plane) for plane in copy.planes])
    return copy


def _pixels(plane: av.video.plane.VideoPlane) -> NDArray[np.uint8]:
    """Return one plane of a yuv420p picture (height x width) as a view."""
    return np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
