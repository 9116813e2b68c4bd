"""What a packet gate sleeps through on real footage, and what it would have missed: each clip over and over."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.adapters.camera_feed_pyav.picture_analysis import PictureAnalysis
from agent.vision.motion_events import MotionEvent, MotionEvents
from agent.vision.packet_gate import GateReport, PacketGate
from hardware.cameras.file import FileSource

WATCHED_S = 600.0


@dataclass(frozen=True)
class GatedClip:
    """One clip, seen for ten minutes by a gated analysis and by one that decodes everything.

    `events` are those of the second; `missed` of them met none of the first; `latest_s` is how much later the first
    told the onset of any other.
    """

    name: str
    report: GateReport
    events: int
    missed: int
    latest_s: float


def gated_clips(footage: Path) -> Iterator[GatedClip]:
    """Watch every clip of the folder."""
    for path in sorted(footage.glob("*.mp4")):
        yield gated_clip(path)


def gated_clip(path: Path) -> GatedClip:
    """Watch one clip, without pauses between its repetitions."""
    source = FileSource(path, monotonic=lambda: 0.0, sleep=lambda _seconds: None, looped=True, paced=False, audio=False)
    stream, gate = source.open(), PacketGate()
    both = (PictureAnalysis(stream, gate=gate, pictures=False), PictureAnalysis(stream, pictures=False))
    told = (MotionEvents(), MotionEvents())
    for packet in source.packets():
        if packet.pts * stream.time_base >= WATCHED_S:
            break
        for analysis, events in zip(both, told, strict=True):
            for _, reading in analysis.each_picture_of(packet):
                if reading is not None:
                    events.add(reading)
    source.close()
    for events in told:
        events.finish(WATCHED_S)
    gated, plain = told
    late = [_lateness(event, gated.events) for event in plain.events]
    met = [seconds for seconds in late if seconds is not None]
    return GatedClip(path.stem, gate.report(), len(late), len(late) - len(met), max(met, default=0.0))


def _lateness(event: MotionEvent, gated: Sequence[MotionEvent]) -> float | None:
    """Return how much later than `event` the first that overlaps it begins; `None` where none does."""
    met = [other for other in gated if other.start_s < event.end_s and event.start_s < other.end_s]
    return max(0.0, met[0].start_s - event.start_s) if met else None
