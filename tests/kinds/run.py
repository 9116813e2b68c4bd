"""Shows drawn footage to the live detector and scores what it says."""

import zlib
from collections.abc import Callable, Iterator

import numpy as np

from agent.vision.detector import MotionDetector
from agent.vision.motion_events import MotionEvent, MotionEvents
from tests.kinds.camera import coded
from tests.kinds.footage import Luma, Truth, drawn
from tests.kinds.score import Score
from tests.kinds.table import KINDS, SECONDS

Detector = Callable[[], MotionDetector]


def footage(kind: str, seed: int) -> tuple[Iterator[tuple[float, Luma]], Truth]:
    """Return the pictures of one piece of footage, and the truth, which is complete after the last picture."""
    dice = np.random.default_rng((zlib.crc32(kind.encode()), seed))
    script, truth = KINDS[kind](dice), Truth()
    pictures = drawn(script, dice, truth)
    return (coded(pictures, script.coded_kbit_per_s) if script.coded_kbit_per_s else pictures), truth


def detected(kind: str, seed: int, detector: Detector = MotionDetector) -> tuple[list[MotionEvent], Truth]:
    """Return what the detector says of one piece of footage, and the truth."""
    pictures, truth = footage(kind, seed)
    sees, events = detector(), MotionEvents()
    for at_s, luma in pictures:
        events.add(sees.see(luma, at_s))
    events.finish(SECONDS)
    return events.events, truth


def scored(kind: str, seeds: range, detector: Detector = MotionDetector) -> Score:
    """Score the detector on one kind of footage."""
    score = Score()
    for seed in seeds:
        events, truth = detected(kind, seed, detector)
        score.add(truth, [(event.start_s, event.end_s, event.decided_s) for event in events], SECONDS)
    return score
