"""The last seconds of encoded packets of one camera, always ready to start a clip at a keyframe."""

from collections import deque
from collections.abc import Sequence
from fractions import Fraction

from hardware.camera import EncodedPacket

RING_BYTES = 32 * 1024 * 1024
"""20 s between keyframes at 12 Mbit/s; ten cameras at half of that still fit into a board with 1 GB."""


class PacketRing:
    """Holds whole groups of pictures that cover at least `pre_roll_s`, so one group more than asked for.

    What gives when `most_bytes` is too little: first the pre-roll (the oldest group goes though it was still wanted);
    then, when one group alone is too large, the ring empties itself and stays empty until the next keyframe, because
    packets without their keyframe cannot be shown: `overfull` says so, and a clip that opens now starts there.
    """

    def __init__(self, time_base: Fraction, pre_roll_s: float, most_bytes: int = RING_BYTES) -> None:
        self._time_base = time_base
        self._pre_roll_ticks = int(pre_roll_s / time_base)
        self._most_bytes = most_bytes
        self._groups: deque[list[EncodedPacket]] = deque()
        self._group_bytes: deque[int] = deque()
        self.overfull = False

    @property
    def bytes_held(self) -> int:
        """Return how many bytes of video the ring holds."""
        return sum(self._group_bytes)

    def add(self, packet: EncodedPacket) -> None:
        """Take the newest packet; packets before the first keyframe are not kept."""
        if packet.is_keyframe:
            self._groups.append([])
            self._group_bytes.append(0)
            self.overfull = False
        if not self._groups:
            return
        self._groups[-1].append(packet)
        self._group_bytes[-1] += len(packet.data)
        wanted_from = packet.dts - self._pre_roll_ticks
        while len(self._groups) > 1 and (self._groups[1][0].dts <= wanted_from or self.bytes_held > self._most_bytes):
            self._groups.popleft()
            self._group_bytes.popleft()
        if self.bytes_held > self._most_bytes:
            self.clear()
            self.overfull = True

    def packets(self, from_s: float | None = None) -> Sequence[EncodedPacket]:
        """Return what is held, a keyframe first; empty before the first keyframe.

        With `from_s` (media seconds) groups before the one under way then are left out; the newest never is.
        """
        groups = list(self._groups)
        while from_s is not None and len(groups) > 1 and groups[1][0].dts * self._time_base < from_s:
            del groups[0]
        return [packet for group in groups for packet in group]

    def clear(self) -> None:
        """Forget everything."""
        self._groups.clear()
        self._group_bytes.clear()
