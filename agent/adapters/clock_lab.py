"""The lab clock: a clock whose civil time the cloud's lab freezes and advances by `clock` documents."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from agent.domain.shape import DoesNotFit, read
from agent.domain.trusted_time import LATEST_S, is_believable

log = structlog.get_logger()


class FlooredClock(Protocol):
    """The clock that the lab clock wraps: the Clock port with a floor that a lease raises."""

    def now(self) -> datetime:
        """Return civil time, aware, UTC."""

    def trusted(self) -> bool:
        """Say whether civil time is known."""

    def monotonic(self) -> float:
        """Return seconds that never step."""

    async def sleep(self, seconds: float) -> None:
        """Wait monotonic seconds."""

    def raise_floor(self, civil_s: float) -> None:
        """Raise civil time to at least this moment (POSIX seconds)."""

    def floor_s(self) -> float:
        """Return the floor to keep on disk (POSIX seconds)."""


@dataclass(frozen=True, slots=True)
class ClockDocument:
    """`clock_v1.json`; `real_at`, where the sender says it, is the real time at which a running lab clock was at `now`.

    Without it a running clock goes on from `now` at the moment of arrival, which is late by the age of a retained
    document.
    """

    now: datetime
    frozen: bool
    lease_seq: int | None = None
    real_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Anchor:
    """Lab time at a monotonic moment; `moving` is false while frozen."""

    civil: datetime
    taken_s: float
    moving: bool


class LabClock:
    """The Clock port for `--lab`: the wrapped clock until a document came, then what the documents say.

    A document is applied once the lease whose `seq` it names (or a later one) was taken; tell `lease_taken`.
    A time before 2000 or after 2200 is refused with a line in the log, and the clock stays as it was.
    `listeners` are called after each jump, so that who waits for a civil time looks again. `kept` is the newest applied
    document of an earlier run and `keep` stores one, so that a restart without a broker stays in the lab's time.
    """

    def __init__(
        self,
        inner: FlooredClock,
        *,
        kept: Mapping[str, object] | None = None,
        keep: Callable[[Mapping[str, object]], None] = lambda _: None,
    ) -> None:
        self._inner = inner
        self._keep = keep
        self._anchor: _Anchor | None = None
        self._pending: ClockDocument | None = None
        self._seq = 0
        self.listeners: list[Callable[[], None]] = []
        document = _read(kept) if kept is not None else None
        if document is not None and not self._refused(document):
            self._apply(document)

    def now(self) -> datetime:
        if self._anchor is None:
            return self._inner.now()
        if not self._anchor.moving:
            return self._anchor.civil
        return self._anchor.civil + timedelta(seconds=self._inner.monotonic() - self._anchor.taken_s)

    def trusted(self) -> bool:
        return self._anchor is not None or self._inner.trusted()

    def monotonic(self) -> float:
        return self._inner.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)

    def raise_floor(self, civil_s: float) -> None:
        """Move lab time up to a lease's issue time, if it is behind it; frozen stays frozen."""
        if self._anchor is None:
            self._inner.raise_floor(civil_s)
        elif self.now().timestamp() < civil_s and is_believable(civil_s):
            civil = datetime.fromtimestamp(civil_s, UTC)
            self._anchor = _Anchor(civil, self._inner.monotonic(), self._anchor.moving)

    def floor_s(self) -> float:
        """Return the wrapped clock's floor: lab time is no knowledge about real time."""
        return self._inner.floor_s()

    def take(self, document: Mapping[str, object]) -> None:
        """Apply a `clock` document, now or when its lease was taken; one that cannot be read is logged and ignored."""
        said = _read(document)
        if said is None or self._refused(said):
            return
        if said.lease_seq is None or said.lease_seq <= self._seq:
            self._apply(said)
        else:
            self._pending = said

    def lease_taken(self, seq: int) -> None:
        """Note the newest lease; a document that waited for it is applied."""
        self._seq = max(self._seq, seq)
        if self._pending is not None and (self._pending.lease_seq or 0) <= self._seq:
            self._apply(self._pending)

    def _refused(self, document: ClockDocument) -> bool:
        """Refuse a time that nobody can mean, now or after what has passed since: 1970, or the last year there is."""
        times = [document.now, *([] if document.real_at is None else [document.real_at])]
        wrong = next((at for at in times if not is_believable(at.timestamp())), None)
        if wrong is None and document.real_at is not None and not document.frozen:
            passed_s = self._inner.now().timestamp() - document.real_at.timestamp()
            wrong = None if document.now.timestamp() + passed_s <= LATEST_S else document.now
        if wrong is None:
            return False
        log.error(
            "lab_clock_refused",
            now=document.now.isoformat(),
            problem=f"{wrong.isoformat()} is no time for a lab: set its clock to a time between 2000 and 2200.",
        )
        return True

    def _apply(self, document: ClockDocument) -> None:
        self._pending = None
        civil, real_now = document.now.astimezone(UTC), self._inner.now()
        if not document.frozen and document.real_at is not None:
            civil += max(timedelta(), real_now - document.real_at)
        self._anchor = _Anchor(civil, self._inner.monotonic(), not document.frozen)
        real_at = document.real_at or real_now
        try:
            self._keep(_kept(document, real_at))
        except OSError as error:
            log.warning("lab_clock_not_kept", error=error.strerror)
        log.info("lab_clock_set", now=civil.isoformat(), frozen=document.frozen, lease_seq=document.lease_seq)
        for listener in self.listeners:
            listener()


def _read(document: Mapping[str, object]) -> ClockDocument | None:
    try:
        return read(ClockDocument, document)
    except DoesNotFit as error:
        log.warning("lab_clock_unreadable", problems=str(error))
        return None


def _kept(document: ClockDocument, real_at: datetime) -> Mapping[str, object]:
    """Return the document as it is kept: with the real time at which it held."""
    return {**asdict(document), "now": document.now.isoformat(), "real_at": real_at.isoformat()}
