"""`veilleur-agent detect`: a progress bar on a terminal, and a table of events."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from agent.adapters.camera_feed_pyav.detect_file import DetectionReport, detect_file


def detect_with_progress(video: Path) -> DetectionReport:
    """Detect, with a bar on standard error when that is a terminal; BadInput for what is no video."""
    if not sys.stderr.isatty():
        return detect_file(video)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(video.name, total=1.0)
        return detect_file(video, lambda share: progress.update(task, completed=share))


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
    else:
        console.print("Nothing moved.")
    console.print(f"{document['frames']} pictures, {document['duration_s']:.1f} s, {document['cpu_s']:.2f} s of CPU")
