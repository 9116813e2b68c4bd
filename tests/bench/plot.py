"""`python -m tests.bench.plot RESULTS.json FILE.svg`: draws what a run of the benchmark wrote with `--json`."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

VIDEOS: Mapping[str, str] = {"idle-1080p-h264": "idle", "busy-1080p-h264": "busy"}
PEERS = ("copy", "decode, as the agent", "decode whole", "MOG2", "motion", "motion, tuned")
BEFORE: Mapping[str, tuple[float, float]] = {
    "motion, defaults": (0.21, 0.83),
    "motion, tuned": (0.09, 0.88),
    "Frigate, motion only": (0.43, 0.81),
    "keyframe difference": (0.23, 0.87),
}
"""Quiet alarm and frame F1 of others on the same clips, measured once, warmed up; the benchmark does not run them."""
WIDTH, HEIGHT = 980, 470
BAR_PIXELS, STEP_PIXELS = 16, 22
OURS, THEIRS, INK, FAINT = "#0b6e4f", "#9aa5b1", "#1f2933", "#d9dee4"


class PlotError(Exception):
    """The results lack what is drawn; the message says how to get it."""


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of the drawing (pixels) in which values from 0 to `most` go across and `low` to `high` go up."""

    left: float
    top: float
    width: float
    height: float
    most: float
    low: float
    high: float

    def x(self, value: float) -> float:
        """Return where a value lies across."""
        return self.left + self.width * value / self.most

    def y(self, value: float) -> float:
        """Return where a value lies up."""
        return self.top + self.height * (self.high - value) / (self.high - self.low)


def drawn(results: Mapping[str, Any]) -> str:
    """Return the SVG of a run's results; raises PlotError."""
    parts = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>']
    parts += _cpu({row["video"]: row for row in _table(results, "camera")}, Area(150, 60, 260, 0, 0, 0, 0))
    points = {row["detector"]: (row["quiet_alarm"], row["frame_f1"]) for row in _table(results, "footage")}
    parts += _accuracy(points, Area(570, 60, 380, 330, 0.5, 0.75, 1.0))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="{INK}">\n{body}\n</svg>\n'
    )


def _table(results: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    rows = results.get(name)
    if not isinstance(rows, list) or not rows:
        raise PlotError(f"No table `{name}` in these results: run `python -m tests.bench --json FILE` first.")
    return rows


def _cpu(rows: Mapping[str, Mapping[str, Any]], where: Area) -> Sequence[str]:
    """Draw a bar for the agent and each peer that was measured, first idle, then busy."""
    missing = [video for video in VIDEOS if video not in rows]
    if missing:
        raise PlotError(f"{', '.join(missing)} is not in these results: measure 1080p in h264.")
    names = ["agent", *(name for name in PEERS if all(name in rows[video] for video in VIDEOS))]
    most = max(float(rows[video][name]) for video in VIDEOS for name in names)
    parts = [_text(20, 28, "CPU seconds per second of video, one 1080p25 H.264 camera, live", weight="600")]
    top = where.top
    for video, said in VIDEOS.items():
        rate = f"{said}, {rows[video]['mbit_per_s']:.1f} Mbit/s"
        parts.append(_text(20, top, rate, weight="600"))
        for name in names:
            top += STEP_PIXELS
            cpu = float(rows[video][name])
            length = max(1.0, where.width * cpu / most)
            colour = OURS if name == "agent" else THEIRS
            shape = f'x="{where.left}" y="{top - 12}" width="{length:.1f}" height="{BAR_PIXELS}" rx="2"'
            parts += (
                _text(where.left - 8, top, name, anchor="end"),
                f'<rect {shape} fill="{colour}"/>',
                _text(where.left + length + 6, top, f"{cpu:.3f}"),
            )
        top += 2 * STEP_PIXELS
    return parts


def _accuracy(points: Mapping[str, tuple[float, float]], area: Area) -> Sequence[str]:
    """Draw frame F1 against quiet alarm: full dots of this run, rings of what was measured before."""
    parts = [
        _text(area.left - 50, 28, "Real footage: how much of motion is found, how often for nothing", weight="600")
    ]
    for step in range(6):
        f1, alarm = area.low + step * 0.05, step * 0.1
        line = f'x1="{area.left}" x2="{area.left + area.width}" y1="{area.y(f1):.1f}" y2="{area.y(f1):.1f}"'
        parts += (
            f'<line {line} stroke="{FAINT}"/>',
            _text(area.left - 8, area.y(f1) + 4, f"{f1:.2f}", anchor="end"),
            _text(area.x(alarm), area.top + area.height + 20, f"{alarm:.1f}", anchor="middle"),
        )
    below = area.top + area.height
    parts += (
        _text(area.left - 50, area.top - 12, "frame F1 (higher is better)"),
        _text(area.left + area.width, below + 40, "share of quiet time called motion (lower is better)", anchor="end"),
        _text(
            area.left + area.width,
            below + 60,
            "full: this run, started cold; rings: once before, warmed up",
            anchor="end",
        ),
    )
    for name, (alarm, f1) in BEFORE.items():
        parts += _dot(area, (alarm, f1), name, f'fill="#ffffff" stroke="{THEIRS}" stroke-width="2"')
    for name, point in points.items():
        parts += _dot(area, point, name, f'fill="{OURS if name == "agent" else THEIRS}"')
    return parts


def _dot(area: Area, point: tuple[float, float], name: str, look: str) -> Sequence[str]:
    x, y = area.x(point[0]), area.y(point[1])
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" {look}/>', _text(x + 10, y + 4, name)


def _text(x: float, y: float, words: str, *, anchor: str = "start", weight: str = "400") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">{escape(words)}</text>'


def main(arguments: Sequence[str]) -> int:
    """Draw; says what is wrong and returns 1 where nothing can be drawn."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 1
    try:
        results = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
        Path(arguments[1]).write_text(drawn(results), encoding="utf-8")
    except (PlotError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
