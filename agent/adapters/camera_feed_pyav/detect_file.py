"""`veilleur-agent detect`: motion detection on a file through the live code path, as fast as it can be read."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.adapters.camera_feed_pyav.picture_analysis import PictureAnalysis
from agent.errors import BadInput
from agent.vision.detector import MINIMUM_AREA, MotionDetector
from agent.vision.motion import MotionReading
from agent.vision.motion_events import MotionEvent, MotionEvents
from hardware.camera import CameraError
from hardware.cameras.file import FileSource


@dataclass(frozen=True, slots=True)
class DetectionReport:
    """What `detect` found; seconds from the video's first picture.

    `frames` counts the coded pictures, `cpu_s` is user and system time of this process for the whole run.
    """

    events: tuple[MotionEvent, ...]
    light_changes: tuple[MotionEvent, ...]
    frames: int
    fps: float
    duration_s: float
    cpu_s: float

    def document(self) -> dict[str, object]:
        """Return the JSON document that `--json` prints."""
        return asdict(self)


def detect_file(
    path: Path,
    on_progress: Callable[[float], None] | None = None,
    *,
    minimum_area: float = MINIMUM_AREA,
    on_reading: Callable[[MotionReading], None] | None = None,
) -> DetectionReport:
    """Detect motion in a video file; `on_progress` gets a share 0..1 now and then, `on_reading` every reading.

    Raises BadInput naming what to do when the file is missing, is no video that clips can hold, or cannot be decoded.
    """
    started_s = time.process_time()
    source = FileSource(
        path, monotonic=lambda: 0.0, sleep=lambda _seconds: None, looped=False, paced=False, audio=False
    )
    try:
        analysis = PictureAnalysis(source.open(), MotionDetector(minimum_area), pictures=False)
        told = (on_progress or (lambda _share: None), on_reading or (lambda _reading: None))
        return _detect(source, path, started_s, analysis, told)
    except CameraError as error:
        raise BadInput(str(error)) from error
    finally:
        source.close()


def _detect(
    source: FileSource,
    path: Path,
    started_s: float,
    analysis: PictureAnalysis,
    told: tuple[Callable[[float], None], Callable[[MotionReading], None]],
) -> DetectionReport:
    stream, events = analysis.stream, MotionEvents()
    on_progress, on_reading = told
    file_bytes = max(1, path.stat().st_size)
    frames, read_bytes, end_s = 0, 0, 0.0
    for packet in source.packets():
        frames += not packet.is_audio
        read_bytes += len(packet.data)
        end_s = max(end_s, float((packet.pts + packet.duration) * stream.time_base))
        reading = analysis.see(packet)
        if reading is not None:
            events.add(reading)
            on_reading(reading)
            on_progress(min(1.0, read_bytes / file_bytes))
    if not analysis.pictures:
        raise BadInput(f"No picture of {path.name} could be decoded: is the file damaged? Try to play it first.")
    events.finish(end_s)
    on_progress(1.0)
    return DetectionReport(
        events=tuple(events.events),
        light_changes=tuple(events.light_changes),
        frames=frames,
        fps=round(stream.nominal_fps, 3),
        duration_s=round(end_s, 3),
        cpu_s=round(time.process_time() - started_s, 3),
    )
