"""The Clock port for a lab: civil time is frozen, runs or jumps as the lab's record says; monotonic time is real."""

from datetime import datetime, timedelta

from cloud_stub.domain.records import LabClock
from cloud_stub.ports import Clock


class SteeredClock:
    """Clock over a record and a real clock; `steer` hands it each new record.

    Frozen, and while an advance is under way, civil time stands at `now`; else it runs on from `now` since `set_at`
    (real time, so that a cloud that was off for an hour comes back an hour later).
    """

    def __init__(self, state: LabClock, real: Clock) -> None:
        self._real = real
        self._civil = state.now
        self._taken_s = real.monotonic()
        self._runs = False
        self.steer(state)

    def steer(self, state: LabClock) -> None:
        self._runs = not state.frozen and state.advancing_to is None
        passed = self._real.now() - state.set_at if self._runs else timedelta()
        self._civil = state.now + max(passed, timedelta())
        self._taken_s = self._real.monotonic()

    def now(self) -> datetime:
        if not self._runs:
            return self._civil
        return self._civil + timedelta(seconds=self._real.monotonic() - self._taken_s)

    def monotonic(self) -> float:
        return self._real.monotonic()

    async def sleep(self, seconds: float) -> None:
        await self._real.sleep(seconds)
