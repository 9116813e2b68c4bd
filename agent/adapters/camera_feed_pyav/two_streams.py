"""Motion of a camera with a small second stream: looked for there, and in the main one while that is not to be had."""

from collections.abc import Callable
from dataclasses import replace

from agent.adapters.camera_feed_pyav.main_pictures import MainPictures
from agent.adapters.camera_feed_pyav.picture_analysis import PictureAnalysis
from agent.adapters.camera_feed_pyav.second_stream import SecondStream, moved_by
from agent.domain.detects_on import DetectsOn
from agent.vision.motion import MotionReading, merged
from agent.vision.person import Box, Crop
from agent.vision.stream_alignment import ArrivalOffset
from hardware.camera import EncodedPacket, StreamInfo

COMES_WITHIN_S = 4.0
"""Both streams are opened together; a second one that takes longer is done without until it comes."""
LEARNS_FOR_S = 3.0
"""A detector knows its scene after so long; until then the other one goes on."""
WIDE_ENOUGH = 1.6
"""A picture up to so much wider than the second stream's is taken from there, larger ones from the main stream."""


class TwoStreams:
    """Takes the packets of the main stream and gives the readings of the second, in the main stream's media times.

    These are right within `ALIGNED_WITHIN_S`. `make_main` makes the analysis of the main stream that is used instead;
    `said` hears which stream is looked at, and why it is the main one, each time that changes.
    """

    def __init__(
        self,
        stream: StreamInfo,
        second: SecondStream,
        make_main: Callable[[StreamInfo], PictureAnalysis],
        said: Callable[[DetectsOn, str], None],
    ) -> None:
        self._stream = stream
        self._second = second
        self._make_main = make_main
        self._said = said
        self._pictures = MainPictures(stream)
        self._offset = ArrivalOffset()
        self._first_arrived_s: float | None = None
        self._main: PictureAnalysis | None = None
        self._told: DetectsOn | None = None
        second.start()

    def close(self) -> None:
        """End the second stream."""
        self._second.close()

    def see(self, packet: EncodedPacket) -> MotionReading | None:
        """Take the main stream's next packet; return what either stream shows until then."""
        if packet.is_audio:
            return None
        if packet.stream is not None:
            self._stream, self._main = packet.stream, None
        self._pictures.keep(packet)
        media_s, now_s = float(packet.pts * self._stream.time_base), packet.arrived_s
        self._offset.follow(media_s, now_s)
        if self._first_arrived_s is None:
            self._first_arrived_s = now_s
        why_not = self._second.why_not(now_s)
        learnt = self._main is None or self._second.looked_for_s(now_s) >= LEARNS_FOR_S
        if not why_not and learnt:
            self._tell(DetectsOn.SECOND, "")
            self._main = None
            return self._of_second(media_s)
        if self._told is None and now_s - self._first_arrived_s < COMES_WITHIN_S:
            return None
        self._second.take()
        if why_not:
            self._tell(DetectsOn.MAIN, why_not)
        return self._of_main(packet)

    def _of_second(self, media_s: float) -> MotionReading | None:
        reading = self._second.take()
        if reading is None:
            return None
        reading = moved_by(reading, -self._offset.offset_s)
        return reading if reading.at_s <= media_s else replace(reading, at_s=media_s)

    def _of_main(self, packet: EncodedPacket) -> MotionReading | None:
        if self._main is not None:
            return self._main.see(packet)
        self._main, reading = self._make_main(self._stream), None
        for kept in self._pictures.group():
            said = self._main.see(kept)
            reading = reading if said is None else merged(reading, said)
        return reading

    def _tell(self, stream: DetectsOn, why: str) -> None:
        if stream is not self._told:
            self._told = stream
            self._said(stream, why)

    def newest_jpeg(self, max_width: int) -> bytes | None:
        """Encode the newest picture at most `max_width` wide; `None` before the first. Callable from any thread."""
        main, second = self._main, self._second.analysis
        if main is not None:
            return main.newest_jpeg(max_width)
        if second is not None and max_width <= WIDE_ENOUGH * second.stream.width:
            return second.newest_jpeg(max_width)
        large = self._pictures.newest() or second
        return None if large is None else large.newest_jpeg(max_width)

    def newest_crop(self, box: Box) -> Crop | None:
        """Cut the main stream's newest picture around a motion box; `None` before it. Callable from any thread."""
        large = self._main or self._pictures.newest() or self._second.analysis
        return None if large is None else large.newest_crop(box)
