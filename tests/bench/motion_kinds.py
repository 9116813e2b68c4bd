"""The detector on drawn footage of every kind: what it finds, how often it is wrong, and how sure that is."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import product
from types import ModuleType

from agent.vision import clutter, detector, texture
from tests.kinds.run import scored
from tests.kinds.score import Score
from tests.kinds.table import KINDS

FIRST_SEED = 1000
"""Seeds from here on are the benchmark's: constants were looked at on others (0 to 109)."""
Setting = tuple[tuple[ModuleType, str, float], ...]
CHOICES: Sequence[tuple[ModuleType, str, Sequence[float]]] = (
    (clutter, "MARGIN", (1.5, 2.0, 2.5)),
    (clutter, "SMALL_STEP", (0.25, 0.5, 1.0)),
    (texture, "VARIANCE_OF_NOISE", (3.0, 5.0, 8.0)),
    (detector, "HOLD_S", (0.35, 0.5, 0.8)),
)
"""Constants that decide most, with a lesser and a greater value each: what a leave-one-out run chooses among."""
SHIPPED: Setting = tuple((module, name, values[1]) for module, name, values in CHOICES)


def measured(kinds: Sequence[str], seeds: range, setting: Setting = ()) -> dict[str, Score]:
    """Score the detector on kinds of footage, on all cores, with some of its constants set otherwise."""
    with ProcessPoolExecutor() as pool:
        jobs = {kind: pool.submit(_scored, kind, seeds, _named(setting)) for kind in kinds}
        return {kind: job.result() for kind, job in jobs.items()}


def print_kinds(seeds_per_kind: int) -> None:
    """Print a table in Markdown, each figure with its interval of 95 %."""
    seeds = range(FIRST_SEED, FIRST_SEED + seeds_per_kind)
    print(f"\nDrawn footage of every kind, 30 s each, seeds {seeds.start} to {seeds.stop - 1}; intervals of 95 %\n")
    print("| kind | recall | false events an hour | frame F1 | quiet alarm | onset p95 |")
    print("| --- | --- | --- | --- | --- | --- |")
    total = Score()
    for kind, score in measured(list(KINDS), seeds).items():
        print(_row(kind, score), flush=True)
        total.merge(score)
    print(_row("all", total))


def print_leave_one_out(seeds_per_kind: int) -> None:
    """For each kind, choose the constants on all other kinds, and print how they do on the one left out."""
    seeds = range(FIRST_SEED, FIRST_SEED + seeds_per_kind)
    tried = {setting: measured(list(KINDS), seeds, setting) for setting in settings()}
    print(f"\nConstants chosen without a kind, seeds {seeds.start} to {seeds.stop - 1}, {len(tried)} settings tried\n")
    print("| kind left out | chosen otherwise than shipped | frame F1 (shipped) | quiet alarm (shipped) |")
    print("| --- | --- | --- | --- |")
    for kind in KINDS:
        chosen = max(tried, key=lambda setting: worth(tried[setting], without=kind))
        changed = ", ".join(
            f"{name} {value:g}" for module, name, value in chosen if (module, name, value) not in SHIPPED
        )
        there, shipped = tried[chosen][kind], tried[SHIPPED][kind]
        print(
            f"| {kind} | {changed or '-'} | {there.frame_f1:.3f} ({shipped.frame_f1:.3f}) "
            f"| {there.quiet_alarm:.3f} ({shipped.quiet_alarm:.3f}) |",
            flush=True,
        )


def settings() -> Iterator[Setting]:
    """Yield what is shipped, and every setting in which one constant is otherwise."""
    for values in product(*(values for _, _, values in CHOICES)):
        setting = tuple((module, name, value) for (module, name, _), value in zip(CHOICES, values, strict=True))
        if sum(one != other for one, other in zip(setting, SHIPPED, strict=True)) <= 1:
            yield setting


def worth(scores: Mapping[str, Score], without: str) -> float:
    """Return how good a setting is on all kinds but one: the mean frame F1, less the quiet alarm and what is missed."""
    others = [score for kind, score in scores.items() if kind != without]
    return sum(score.frame_f1 - score.quiet_alarm - 2 * (1 - score.recall) for score in others) / len(others)


def _row(kind: str, score: Score) -> str:
    (least, most), (few, many) = score.recall_interval(), score.false_per_hour_interval()
    return (
        f"| {kind} | {score.recall:.2f} ({least:.2f} to {most:.2f}, {score.events} motions) "
        f"| {score.false_per_hour:.1f} ({few:.1f} to {many:.1f}) | {score.frame_f1:.3f} "
        f"| {score.quiet_alarm:.3f} ± {score.quiet_alarm_half_width():.3f} | {score.onset_p95_s:.2f} s |"
    )


def _named(setting: Setting) -> tuple[tuple[str, str, float], ...]:
    return tuple((module.__name__, name, value) for module, name, value in setting)


def _scored(kind: str, seeds: range, setting: tuple[tuple[str, str, float], ...]) -> Score:
    with _set(setting):
        return scored(kind, seeds)


@contextmanager
def _set(setting: tuple[tuple[str, str, float], ...]) -> Iterator[None]:
    modules = {module.__name__: module for module, _, _ in CHOICES}
    before = [(modules[at], name, getattr(modules[at], name)) for at, name, _ in setting]
    for at, name, value in setting:
        setattr(modules[at], name, value)
    try:
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)
