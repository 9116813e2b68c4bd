"""Pictures of a stream that is not decoded: its newest group is, when somebody asks for one."""

import threading
from collections.abc import Sequence

from agent.adapters.camera_feed_pyav.picture_analysis import PictureAnalysis
from hardware.camera import EncodedPacket, StreamInfo

MOST_PACKETS = 600
"""Beyond that a group would take a second to decode: pictures are then to be had after the next keyframe."""


class MainPictures:
    """Keeps the packets since the newest keyframe. `keep` from one thread, `newest` from any.

    While somebody asks at least once a group its decoder stays, so that no packet is decoded twice.
    """

    def __init__(self, stream: StreamInfo) -> None:
        self._stream = stream
        self._using = threading.Lock()
        self._group: list[EncodedPacket] = []
        self._decoded = 0
        self._decoder: PictureAnalysis | None = None
        self._asked = False

    def keep(self, packet: EncodedPacket) -> None:
        """Take the next packet of pictures."""
        with self._using:
            if packet.stream is not None:
                self._stream, self._decoder = packet.stream, None
            if packet.is_keyframe:
                self._decoder = self._decoder if self._asked else None
                self._group, self._decoded, self._asked = [packet], 0, False
            elif len(self._group) >= MOST_PACKETS:
                self._group, self._decoded, self._decoder = [], 0, None
            elif self._group:
                self._group.append(packet)

    def group(self) -> Sequence[EncodedPacket]:
        """Return the packets from the newest keyframe on; nothing where they are too many."""
        with self._using:
            return list(self._group)

    def newest(self) -> PictureAnalysis | None:
        """Decode up to the newest packet and return what holds that picture; `None` where there is none."""
        with self._using:
            if not self._group:
                return None
            self._asked = True
            self._decoder = self._decoder or PictureAnalysis(self._stream, watches=False, pictures=False)
            for packet in self._group[self._decoded :]:
                self._decoder.see(packet)
            self._decoded = len(self._group)
            return self._decoder
