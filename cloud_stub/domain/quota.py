"""The pool rule: which clips leave so that a new one fits into a pool, or that it does not (R074)."""

from collections.abc import Sequence
from dataclasses import dataclass

from cloud_stub.domain.policies import QuotaWhenFull
from cloud_stub.domain.records import Clip


@dataclass(frozen=True, slots=True)
class Eviction:
    """What a new clip does to its pool: `evicted` leave, oldest first; without `fits` the new clip itself leaves."""

    evicted: tuple[Clip, ...]
    fits: bool


def is_full(held: Sequence[Clip], limit_ms: int) -> bool:
    """Return whether a pool has no room for even the shortest clip."""
    return sum(clip.duration_ms for clip in held) >= limit_ms


def evict_for(
    held: Sequence[Clip], new: Clip, limit_ms: int, when_full: QuotaWhenFull = QuotaWhenFull.EVICT_OLDEST
) -> Eviction:
    """Return what must leave so that held clips and `new` together play at most `limit_ms`; nothing does with `STOP`.

    The oldest leave first, by `retained_from`. A clip that comes late and is older than all that it would displace is
    itself the oldest, so it leaves and nothing else does. `held` may contain `new` itself (its partial beginning): that
    is not counted twice.
    """
    others = sorted((clip for clip in held if not _same(clip, new)), key=_age)
    excess = sum(clip.duration_ms for clip in others) + new.duration_ms - limit_ms
    if excess > 0 and when_full is QuotaWhenFull.STOP:
        return Eviction((), fits=False)
    leaving: list[Clip] = []
    for clip in others:
        if excess <= 0:
            break
        if clip.retained_from > new.retained_from:
            return Eviction((), fits=False)
        leaving.append(clip)
        excess -= clip.duration_ms
    return Eviction(tuple(leaving), fits=True) if excess <= 0 else Eviction((), fits=False)


def _same(one: Clip, other: Clip) -> bool:
    return (one.module_id, one.clip_id) == (other.module_id, other.clip_id)


def _age(clip: Clip) -> tuple[object, ...]:
    return (clip.retained_from, clip.received_at, clip.clip_id)
