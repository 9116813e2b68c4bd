"""How well motion is found on real footage, clip by clip and in total, beside plain detectors on the same clips."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor

from tests.bench.real_footage import ABSENT, DETECTORS, RealClip, real_clips
from tests.bench.results import Results
from tests.kinds.score import Score, percentile

HEAD = (
    "motions | recall | precision | false events an hour | frame F1 | quiet alarm "
    "| onset median, p95 | decided median, p95 |"
)
RULE = "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"


def footage_scores(clips: Sequence[RealClip]) -> Mapping[str, Mapping[str, Score]]:
    """Return each detector's score on each clip, by their names; computed on all cores."""
    with ProcessPoolExecutor() as pool:
        jobs = {name: {clip.name: pool.submit(_scored, name, clip) for clip in clips} for name in DETECTORS}
        return {name: {clip: job.result() for clip, job in of.items()} for name, of in jobs.items()}


def total(scores: Iterable[Score]) -> Score:
    """Sum scores up; clips weigh by their time."""
    score = Score()
    for one in scores:
        score.merge(one)
    return score


def print_footage(results: Results) -> None:
    """Print both tables in Markdown, or a sentence where no footage is."""
    clips = real_clips()
    if not clips:
        print(f"\nReal footage: {ABSENT}")
        return
    scores = footage_scores(clips)
    print(f"\nReal footage, {len(clips)} clips, {sum(clip.seconds for clip in clips) / 60:.1f} minutes: the agent\n")
    print(f"| clip | {HEAD}\n{RULE}")
    for name, score in scores["agent"].items():
        print(_row(name, score))
    print("\nAll of it, beside plain detectors; each starts cold; intervals of 95 %\n")
    print(f"| detector | {HEAD}\n{RULE}")
    for name, of in scores.items():
        results.add("footage", {"detector": name, **document(total(of.values()))})
        for clip, score in of.items():
            results.add("footage_clips", {"detector": name, "clip": clip, **document(score)})
        print(_row(name, total(of.values()), sure=True), flush=True)


def document(score: Score) -> Mapping[str, float]:
    """Return a score's figures as they are kept."""
    return {
        "motions": score.events,
        "recall": round(score.recall, 4),
        "precision": round(score.precision, 4),
        "false_events": score.false_events,
        "false_per_hour": round(score.false_per_hour, 2),
        "frame_f1": round(score.frame_f1, 4),
        "quiet_alarm": round(score.quiet_alarm, 4),
        "onset_median_s": round(percentile(score.starts_s, 50), 3),
        "onset_p95_s": round(percentile(score.starts_s, 95), 3),
        "decided_median_s": round(percentile(score.onsets_s, 50), 3),
        "decided_p95_s": round(percentile(score.onsets_s, 95), 3),
        "scored_s": round(score.scored_s, 1),
        "quiet_s": round(score.quiet_s, 1),
    }


def _row(name: str, score: Score, *, sure: bool = False) -> str:
    (least, most), (few, many) = score.recall_interval(), score.false_per_hour_interval()
    recall = f" ({least:.2f} to {most:.2f})" if sure else ""
    false = f" ({few:.1f} to {many:.1f})" if sure else ""
    return (
        f"| {name} | {score.events} | {_or_none(score.recall, score.events)}{recall} "
        f"| {_or_none(score.precision, score.good_events + score.false_events)} "
        f"| {score.false_per_hour:.1f}{false} "
        f"| {_or_none(score.frame_f1, score.events, 3)} | {_or_none(score.quiet_alarm, score.quiet_s, 3)} "
        f"| {_onset(score.starts_s)} | {_onset(score.onsets_s)} |"
    )


def _or_none(figure: float, of: float, digits: int = 2) -> str:
    return f"{figure:.{digits}f}" if of else "-"


def _onset(seconds: Sequence[float]) -> str:
    return f"{percentile(seconds, 50):.2f}, {percentile(seconds, 95):.2f} s" if seconds else "-"


def _scored(detector: str, clip: RealClip) -> Score:
    return clip.score(DETECTORS[detector](clip))
