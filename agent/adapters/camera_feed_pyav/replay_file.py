"""A stored clip through the live detector once more: in a thread of low priority, bounded, and stopped when asked."""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from agent.adapters.camera_feed_pyav.picture_analysis import PictureAnalysis
from agent.errors import BadInput
from agent.ports.why import Replayed, ReplayedEvent, ReplayStopped
from agent.vision.detector import WARM_UP_PICTURES, MotionDetector
from agent.vision.motion import MotionReading
from agent.vision.motion_events import MotionEvent, MotionEvents
from agent.vision.zones import WatchedParts
from hardware.camera import CameraError
from hardware.cameras.file import FileSource

NICENESS = 15
"""Whatever records comes first: this thread gets what the others leave."""
MOST_CPU_S = 60.0
MOST_WALL_S = 300.0
"""Where the module is busy a replay gets little; it ends all the same."""
MOST_TRACE = 240
TOO_LONG = "This clip takes too long to replay on this module; `veilleur-agent detect` does it elsewhere."


class ThreadReplayer:
    """The Replayer port; each call has a thread of its own, which ends with it. `monotonic` is the Clock's."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic

    async def replay(
        self,
        path: Path,
        minimum_area: float,
        watched: WatchedParts,
        on_progress: Callable[[float], None],
        stopped: Callable[[], bool],
    ) -> Replayed:
        loop = asyncio.get_running_loop()
        ends_s = self._monotonic() + MOST_WALL_S
        answer: asyncio.Future[Replayed] = loop.create_future()
        gone = threading.Event()

        def tell(outcome: Replayed | Exception) -> None:
            if answer.done():
                return
            if isinstance(outcome, Exception):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)

        def ended() -> bool:
            if time.thread_time() > MOST_CPU_S or self._monotonic() > ends_s:
                raise ReplayStopped(TOO_LONG)
            return gone.is_set() or stopped()

        def work() -> None:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
            detector = MotionDetector(minimum_area, watched)
            try:
                outcome: Replayed | Exception = _replay(path, detector, on_progress, ended)
            except Exception as error:  # noqa: BLE001 - a thread has nobody to raise to: who waits gets it
                outcome = error
            try:
                loop.call_soon_threadsafe(tell, outcome)
            except RuntimeError:  # the loop has ended: nobody waits any more
                return

        threading.Thread(target=work, name="replay", daemon=True).start()
        try:
            return await answer
        finally:
            gone.set()


def _replay(
    path: Path, detector: MotionDetector, on_progress: Callable[[float], None], stopped: Callable[[], bool]
) -> Replayed:
    source = FileSource(
        path, monotonic=lambda: 0.0, sleep=lambda _seconds: None, looped=False, paced=False, audio=False
    )
    try:
        return _through(source, path, detector, on_progress, stopped)
    except CameraError as error:
        raise BadInput(str(error)) from error
    finally:
        source.close()


def _through(
    source: FileSource,
    path: Path,
    detector: MotionDetector,
    on_progress: Callable[[float], None],
    stopped: Callable[[], bool],
) -> Replayed:
    stream = source.open()
    analysis, events, readings = (
        PictureAnalysis(stream, detector, pictures=False),
        MotionEvents(),
        list[MotionReading](),
    )
    file_bytes, read_bytes, end_s = max(1, path.stat().st_size), 0, 0.0
    for packet in source.packets():
        if stopped():
            raise ReplayStopped("")
        read_bytes += len(packet.data)
        end_s = max(end_s, float((packet.pts + packet.duration) * stream.time_base))
        reading = analysis.see(packet)
        if reading is not None:
            events.add(reading)
            readings.append(reading)
            on_progress(min(1.0, read_bytes / file_bytes))
    if not analysis.pictures:
        raise BadInput("No picture of this clip could be decoded.")
    events.finish(end_s)
    found = sorted([*events.events, *events.light_changes], key=lambda event: event.start_s)
    return Replayed(
        [_told(event) for event in found],
        trace(readings[WARM_UP_PICTURES:]),
        round(end_s, 3),
        round(time.thread_time(), 3),
    )


def trace(readings: Sequence[MotionReading]) -> Sequence[tuple[float, float]]:
    """Return (second, score over threshold) of at most `MOST_TRACE` moments, each the highest of its share of time."""
    per_moment = -(-len(readings) // MOST_TRACE) or 1
    groups = (readings[at : at + per_moment] for at in range(0, len(readings), per_moment))
    peaks = (max(group, key=lambda reading: reading.score / max(reading.threshold, 1e-6)) for group in groups)
    return [(round(peak.at_s, 2), round(peak.score / max(peak.threshold, 1e-6), 3)) for peak in peaks]


def _told(event: MotionEvent) -> ReplayedEvent:
    return ReplayedEvent(
        round(event.start_s, 2),
        round(event.end_s, 2),
        round(event.decided_s, 2),
        event.area,
        event.score,
        event.threshold,
        event.light_change,
    )
