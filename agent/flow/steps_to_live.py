"""One camera's packets become the pieces that its viewers show; without a viewer only the newest group is at hand."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from agent.domain.live_pieces import Piece, PieceKind, ViewerQueue, is_keyframe, mime_of, split
from agent.flow.packet_ring import PacketRing
from agent.ports import FeedStep
from agent.ports.live import LiveFragments
from hardware.camera import EncodedPacket, StreamInfo

MakeFragments = Callable[[StreamInfo, EncodedPacket], LiveFragments]
"""Makes a muxer whose fragments begin at each keyframe and after 500 ms at most."""

log = structlog.get_logger()


class PacketSaver(Protocol):
    """Gets the packets themselves while a view is saved."""

    async def take(self, stream: StreamInfo, newest_group: Sequence[EncodedPacket], count: int) -> None:
        """Take the group of the newest keyframe; its last `count` packets are new."""

    async def next(self) -> None:
        """Save what follows as something of its own: the stream is another one."""

    async def lost(self) -> None:
        """End what was saved: the camera went away."""


class Viewer:
    """One who looks on: what waits for them, and the event that says that something does."""

    def __init__(self, wake: asyncio.Event) -> None:
        self.queue = ViewerQueue()
        self.wake = wake
        self.mime = ""
        self.away = False
        self.gone = False

    def put(self, piece: Piece) -> None:
        """Let the viewer have a piece."""
        if piece.kind is PieceKind.HEAD:
            self.mime = mime_of(piece.data)
            self.away = False
        self.queue.put(piece)
        self.wake.set()


class StepsToLive:
    """A StepConsumer. Packets are muxed once for all viewers, and not at all without one.

    A viewer begins with the newest keyframe, which is shown at once. `refused` says why the stream cannot be shown.
    """

    def __init__(self, camera_id: str, make_fragments: MakeFragments) -> None:
        self._camera_id = camera_id
        self._make_fragments = make_fragments
        self._stream: StreamInfo | None = None
        self._ring: PacketRing | None = None
        self._muxer: LiveFragments | None = None
        self._timescale = 0
        self._head: Piece | None = None
        self._group: list[Piece] = []
        self._viewers: list[Viewer] = []
        self._savers: list[PacketSaver] = []
        self.refused = ""

    @property
    def viewers(self) -> int:
        """Return how many look on."""
        return len(self._viewers)

    async def begin(self, stream: StreamInfo) -> None:
        """Take a newly opened stream: viewers get a new head, savers begin another clip."""
        self._stop_muxing()
        for saver in tuple(self._savers):
            await saver.next()
        self._stream, self._ring, self.refused = stream, PacketRing(stream.time_base, 0.0), ""

    async def take(self, steps: Sequence[FeedStep]) -> None:
        """Take the next steps, in order."""
        if self._ring is None or self._stream is None:
            raise RuntimeError("begin() comes before take()")
        for step in steps:
            self._ring.add(step.packet)
            if self._viewers and not self.refused:
                self._mux(step.packet)
            for saver in tuple(self._savers):
                await saver.take(self._stream, self._ring.packets(), 1)

    async def lost(self) -> None:
        """Let viewers wait: the camera went away."""
        self._stop_muxing()
        self._stream = self._ring = None
        for viewer in self._viewers:
            viewer.away = True
            viewer.wake.set()
        for saver in tuple(self._savers):
            await saver.lost()

    async def stop(self) -> None:
        """End every view: the camera is no more, or the agent stops."""
        await self.lost()
        for viewer in self._viewers:
            viewer.gone = True
            viewer.wake.set()

    def join(self, viewer: Viewer) -> None:
        """Let somebody look on, from the newest keyframe."""
        self._viewers.append(viewer)
        viewer.away = self._stream is None
        if self._head is not None:
            for piece in (self._head, *self._group):
                viewer.put(piece)
        elif self._ring is not None and not self.refused:
            self._mux(None)

    def leave(self, viewer: Viewer) -> None:
        """Let somebody go; the last one ends the muxing."""
        if viewer in self._viewers:
            self._viewers.remove(viewer)
        if not self._viewers:
            self._stop_muxing()

    def save_to(self, saver: PacketSaver) -> None:
        """Give a saver every packet from now on, the newest group first."""
        self._savers.append(saver)

    def save_no_more(self, saver: PacketSaver) -> None:
        """Take a saver away."""
        if saver in self._savers:
            self._savers.remove(saver)

    def _stop_muxing(self) -> None:
        self._muxer, self._head, self._timescale = None, None, 0
        self._group = []

    def _mux(self, packet: EncodedPacket | None) -> None:
        """Mux a packet, or with a new muxer the newest group; what no MP4 holds is not shown."""
        if self._stream is None or self._ring is None:
            return
        try:
            if self._muxer is None:
                group = self._ring.packets()
                if group:
                    self._muxer = self._make_fragments(self._stream, group[0])
                    for each in group:
                        self._append(self._muxer, each)
            elif packet is not None:
                self._append(self._muxer, packet)
        except OSError as error:
            log.warning("live_view_not_shown", camera_id=self._camera_id, because=str(error))
            self._stop_muxing()
            self.refused = str(error)
            for viewer in self._viewers:
                viewer.wake.set()

    def _append(self, muxer: LiveFragments, packet: EncodedPacket) -> None:
        muxer.mux([packet])
        data, count, _ticks, self._timescale = muxer.take_whole(self._timescale)
        if not count:
            return
        for is_head, part in split(data):
            if is_head:
                self._send(Piece(PieceKind.HEAD, part))
            else:
                self._send(Piece(PieceKind.KEYFRAME if is_keyframe(part) else PieceKind.MORE, part))

    def _send(self, piece: Piece) -> None:
        if piece.kind is PieceKind.HEAD:
            self._head, self._group = piece, []
        elif piece.kind is PieceKind.KEYFRAME:
            self._group = [piece]
        else:
            self._group.append(piece)
        for viewer in self._viewers:
            viewer.put(piece)
