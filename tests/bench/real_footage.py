"""Real footage with known truth, where a machine has it: its clips, their pictures, and what is said of them."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2

from agent.adapters.camera_feed_pyav.detect_file import detect_file
from agent.adapters.camera_feed_pyav.picture_analysis import luma_plane
from tests.bench.plain_motion import DifferenceMotion, Luma, Mog2Motion, PlainMotion, Span, detections
from tests.kinds.footage import Truth
from tests.kinds.score import Score

FOOTAGE = Path(os.environ.get("VEILLEUR_FOOTAGE", Path(__file__).parents[3] / "shared" / "video" / "dev"))
ABSENT = "no real footage here: set VEILLEUR_FOOTAGE to its folder"


@dataclass(frozen=True, slots=True)
class RealClip:
    """One clip with its truth; seconds from its first picture, `scored_from_s` is where scoring begins."""

    name: str
    video: Path
    truth: Truth
    fps: float
    seconds: float
    scored_from_s: float

    def score(self, said: Sequence[Span]) -> Score:
        """Score what was said of it."""
        score = Score()
        score.add(self.truth, said, self.seconds, scored_from_s=self.scored_from_s, grid_s=1 / self.fps)
        return score

    def pictures(self) -> Iterator[tuple[float, Luma]]:
        """Yield every picture (second, luma), wholly decoded."""
        with av.open(str(self.video)) as source:
            source.streams.video[0].codec_context.thread_count = 1
            for number, frame in enumerate(source.decode(video=0)):
                yield number / self.fps, luma_plane(frame)


def real_clips(folder: Path = FOOTAGE) -> Sequence[RealClip]:
    """Read what is in a folder: each NAME.mp4 with a NAME.json that says what moves; nothing where it is absent."""
    described = [(path, json.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("*.json"))]
    return [_clip(path, words) for path, words in described if path.with_suffix(".mp4").exists()]


def _clip(path: Path, words: dict[str, object]) -> RealClip:
    fps, frames, first = (float(str(words.get(key, 0))) for key in ("fps", "frames", "scored_from_frame"))
    truth = Truth(*(_spans(words.get(key, []), fps) for key in ("motion", "ignore")))
    return RealClip(path.stem, path.with_suffix(".mp4"), truth, fps, frames / fps, first / fps)


def _spans(frames: object, fps: float) -> list[tuple[float, float]]:
    return [(first / fps, (last + 1) / fps) for first, last in frames] if isinstance(frames, list) else []


def said_by_agent(clip: RealClip) -> Sequence[Span]:
    """Return (start, end, decided) of each motion, as the agent's own command finds them."""
    return [(event.start_s, event.end_s, event.decided_s) for event in detect_file(clip.video).events]


def said_by_mog2(clip: RealClip) -> Sequence[Span]:
    """Return the same of MOG2, which takes every picture."""
    return said_plainly(Mog2Motion(), clip.pictures(), clip.fps)


def said_by_difference(clip: RealClip) -> Sequence[Span]:
    """Return the same of the difference of two pictures."""
    return said_plainly(DifferenceMotion(), clip.pictures(), clip.fps)


def said_plainly(motion: PlainMotion, pictures: Iterator[tuple[float, Luma]], fps: float) -> Sequence[Span]:
    """Return what a plain detector says of pictures, which come at `fps`."""
    cv2.setNumThreads(1)
    return detections(((at_s, motion.see(luma)) for at_s, luma in pictures), 1 / fps)


DETECTORS: dict[str, Callable[[RealClip], Sequence[Span]]] = {
    "agent": said_by_agent,
    "MOG2": said_by_mog2,
    "difference": said_by_difference,
}
"""What is compared; each starts with the clip's first picture and knows nothing."""
