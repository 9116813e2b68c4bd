"""`veilleur-agent detect`: a progress bar on a terminal, and a table of events."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from agent.adapters.camera_feed_pyav.detect_file import DetectionReport, detect_file
from agent.composition.timeline import draw_timeline
from agent.domain.motion_why import STANDARD_SENSITIVITY, MotionWhy, Stage, minimum_area_at
from agent.vision.detector import MINIMUM_AREA
from agent.vision.motion import MotionReading
from agent.vision.motion_events import MotionEvent
from agent.web.languages import language
from agent.web.why_words import why_sentences


def detect_with_progress(
    video: Path, sensitivity: int = STANDARD_SENSITIVITY, timeline: Path | None = None
) -> DetectionReport:
    """Detect, with a bar on standard error when that is a terminal; `timeline` is the PNG to draw.

    Raises BadInput for what is no video or no sensitivity, or where the PNG cannot be written.
    """
    minimum_area = minimum_area_at(sensitivity, MINIMUM_AREA)
    readings: list[MotionReading] = []
    note = (lambda _reading: None) if timeline is None else readings.append
    report = _with_bar(video, minimum_area, note)
    if timeline is not None:
        draw_timeline(timeline, readings, [*report.events, *report.light_changes], report.duration_s)
    return report


def explained(report: DetectionReport, sensitivity: int) -> dict[str, object]:
    """Return the JSON document that `--json` prints: each event with its stage and its reasons in words."""
    say = language("en")

    def with_why(event: MotionEvent) -> dict[str, object]:
        why = _why(event, sensitivity)
        return {**asdict(event), "stage": why.stage.value, "why": why_sentences(why, say)}

    return {
        **report.document(),
        "events": [with_why(event) for event in report.events],
        "light_changes": [with_why(event) for event in report.light_changes],
        "sensitivity": sensitivity,
    }


def _why(event: MotionEvent, sensitivity: int) -> MotionWhy:
    return MotionWhy(
        event_id="",
        camera_id="",
        clip_id=None,
        stage=Stage.LIGHT if event.light_change else Stage.OBJECT,
        decided_at="",
        decided_after_s=event.decided_s - event.start_s,
        area=event.area,
        box=event.box,
        score=event.score,
        threshold=event.threshold,
        sensitivity=sensitivity,
    )


def _with_bar(video: Path, minimum_area: float, note: Callable[[MotionReading], None]) -> DetectionReport:
    if not sys.stderr.isatty():
        return detect_file(video, minimum_area=minimum_area, on_reading=note)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(video.name, total=1.0)
        return detect_file(
            video, lambda share: progress.update(task, completed=share), minimum_area=minimum_area, on_reading=note
        )


def print_events(document: Mapping[str, Any]) -> None:
    """Print the events as a table, and what they cost."""
    console = Console()
    table = Table("start", "end", "decided", "area", "score", "", title_justify="left", box=None)
    for event in document["events"]:
        ends = "still moving" if event["end_s"] is None else f"{event['end_s']:.2f} s"
        light = "light change" if event["light_change"] else ""
        area = f"{event['area']:.1%}"
        table.add_row(
            f"{event['start_s']:.2f} s", ends, f"{event['decided_s']:.2f} s", area, f"{event['score']:.1f}", light
        )
    if document["events"]:
        console.print(table)
        for event in document["events"]:
            console.print(f"{event['start_s']:.2f} s: {' '.join(event['why'])}", highlight=False)
    else:
        console.print("Nothing moved.")
    console.print(f"{document['frames']} pictures, {document['duration_s']:.1f} s, {document['cpu_s']:.2f} s of CPU")
