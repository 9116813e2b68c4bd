"""How well motion is found on real footage with trouble laid over it, beside MOG2 on the same pictures."""

import tempfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

from agent.vision.detector import MotionDetector
from agent.vision.motion_events import MotionEvents
from agent.vision.small_picture import LookPace, small_luma
from tests.bench.footage_accuracy import document, total
from tests.bench.overlays import OVERLAYS, Luma
from tests.bench.plain_motion import Mog2Motion, detections
from tests.bench.real_footage import ABSENT, RealClip, real_clips
from tests.bench.results import Results
from tests.kinds.score import Score

HALF_RATE = "half the bit rate"
"""Not an overlay: the clip is encoded again, with half of its bits."""


def print_overlays(results: Results) -> None:
    """Print one row per overlay in Markdown, or a sentence where no footage is."""
    clips = real_clips()
    if not clips:
        print(f"\nOverlays: {ABSENT}")
        return
    print(f"\nThe same {len(clips)} clips with something laid over each picture; agent, then MOG2\n")
    figures = ("recall", "false events an hour", "frame F1", "quiet alarm")
    print(f"| overlay | {' | '.join(figures)} | {' | '.join(f'MOG2: {what}' for what in figures)} |\n|{' --- |' * 9}")
    with ProcessPoolExecutor() as pool:
        jobs = {name: [pool.submit(_scored, name, clip) for clip in clips] for name in (*OVERLAYS, HALF_RATE)}
        for name, waiting in jobs.items():
            agent, plain = zip(*(job.result() for job in waiting), strict=True)
            scores = [total(agent), total(plain)]
            for detector, score in zip(("agent", "MOG2"), scores, strict=True):
                results.add("overlays", {"overlay": name, "detector": detector, **document(score)})
            print(f"| {name} | {' | '.join(map(_cells, scores))} |", flush=True)


def _cells(score: Score) -> str:
    return f"{score.recall:.2f} | {score.false_per_hour:.1f} | {score.frame_f1:.3f} | {score.quiet_alarm:.3f}"


def _scored(overlay: str, clip: RealClip) -> tuple[Score, Score]:
    """Return the agent's score and that of MOG2, which sees every picture where the agent sees six a second."""
    cv2.setNumThreads(1)
    events, agent, pace, plain = MotionEvents(), MotionDetector(), LookPace(clip.fps), Mog2Motion()
    looks: list[tuple[float, bool]] = []
    with tempfile.TemporaryDirectory(prefix="veilleur-overlay-") as folder:
        for at_s, luma in _pictures(overlay, clip, Path(folder)):
            looks.append((at_s, plain.see(luma)))
            if pace.due(at_s):
                events.add(agent.see(luma, at_s))
    events.finish(clip.seconds)
    said = [(event.start_s, event.end_s, event.decided_s) for event in events.events]
    return clip.score(said), clip.score(detections(looks, 1 / clip.fps))


def _pictures(overlay: str, clip: RealClip, folder: Path) -> Iterator[tuple[float, Luma]]:
    """Yield the small pictures as both detectors get them."""
    if overlay == HALF_RATE:
        for at_s, luma in _encoded_again(clip, folder / "half.mp4").pictures():
            yield at_s, small_luma(luma)
        return
    lay = OVERLAYS[overlay](np.random.default_rng(zlib.crc32(clip.name.encode())))
    for at_s, luma in clip.pictures():
        yield at_s, lay(small_luma(luma), at_s)


def _encoded_again(clip: RealClip, to: Path) -> RealClip:
    """Write the clip with half of its bits, a keyframe every two seconds and no B-frames."""
    kbit = max(16, round(clip.video.stat().st_size * 8 / clip.seconds / 2000))
    every = round(2 * clip.fps)
    limits = f"keyint={every}:scenecut=0:bframes=0:vbv-maxrate={kbit}:vbv-bufsize={2 * kbit}:threads=1"
    rate = Fraction(clip.fps).limit_denominator(1001)
    with av.open(str(clip.video)) as source, av.open(str(to), "w") as target:
        options = {"preset": "veryfast", "b": str(1000 * kbit), "x264-params": limits}
        stream = target.add_stream("libx264", rate=rate, options=options)
        assert isinstance(stream, VideoStream)
        seen = source.streams.video[0]
        stream.width, stream.height, stream.pix_fmt = seen.width, seen.height, "yuv420p"
        for number, frame in enumerate(source.decode(seen)):
            picture = frame.reformat(format="yuv420p")
            picture.pts, picture.time_base, picture.pict_type = number, 1 / rate, av.video.frame.PictureType.NONE
            target.mux(stream.encode(picture))
        target.mux(stream.encode(None))
    return RealClip(clip.name, to, clip.truth, clip.fps, clip.seconds, clip.scored_from_s)
