"""Steers the lab's clock: freezes it, lets it run, and advances it through everything that falls due on the way.

An advance is durable: where it goes to is committed first, where it is at each step. A cloud killed on the way takes
it up at its next start (`open_lab`, then `finish_interrupted`). Modules hear of it at the end only: their newest lease,
then the clock.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from cloud_stub.domain.lease import whole_ms
from cloud_stub.domain.records import LabClock
from cloud_stub.errors import CloudError
from cloud_stub.flow.clock_to_due import DueDesk
from cloud_stub.ports import Clock, Records

LONGEST_ADVANCE = timedelta(days=10 * 366)
"""An advance runs to its end, also after a restart: one to the year 9999 would never let the lab go."""

log = structlog.get_logger()


class SteerableClock(Clock, Protocol):
    """A Clock whose civil time is set from the lab's record."""

    def steer(self, state: LabClock) -> None:
        """Take over a state: frozen at `now`, also while it advances, or running since `set_at`."""


async def open_lab(records: Records, real_now: Callable[[], datetime]) -> LabClock:
    """Return the lab clock's record; the first time, a clock that runs from real time on."""
    async with records.writing() as transaction:
        state = await transaction.leases.lab_clock()
        if state is None:
            now = whole_ms(real_now())
            state = LabClock(now, frozen=False, set_at=now, advancing_to=None)
            await transaction.leases.put_lab_clock(state)
    return state


@dataclass(slots=True)
class LabDesk:
    """Freezes, resumes and advances. `real_now` is real time."""

    records: Records
    clock: SteerableClock
    due: DueDesk
    real_now: Callable[[], datetime]

    async def state(self) -> LabClock:
        """Return the lab clock as it stands now (`now` is moved on if it runs)."""
        return self._here(await self._read())

    async def freeze(self) -> LabClock:
        """Stop the clock where it is."""
        return await self._set_frozen(frozen=True)

    async def resume(self) -> LabClock:
        """Let the clock run on from where it is."""
        return await self._set_frozen(frozen=False)

    async def advance_to(self, target: datetime) -> LabClock:
        """Go forward to `target` through everything due on the way, in order.

        CloudError 409 `clock_backwards` for a time that is past, 422 `clock_too_far` for one beyond ten years.

        The clock stands still on the way, and is frozen or runs afterwards as it did before.
        """
        target = whole_ms(target)
        async with self.due.busy:
            start = self._here(await self._read())
            if target < start.now:
                raise CloudError("clock_backwards", 409, "A lab clock only goes forward: name a later time.")
            if target - start.now > LONGEST_ADVANCE:
                raise CloudError("clock_too_far", 422, "A lab clock goes ten years forward at most.")
            await self._put(replace(start, advancing_to=target))
            log.info("lab_clock_advancing", now=start.now.isoformat(), to=target.isoformat())
            return await self._go(target)

    async def finish_interrupted(self) -> LabClock | None:
        """Finish an advance that a crash interrupted; `None` when there is none. Call it before anything else runs."""
        async with self.due.busy:
            state = await self._read()
            if state.advancing_to is None:
                return None
            log.warning("lab_clock_advance_taken_up", now=state.now.isoformat(), to=state.advancing_to.isoformat())
            return await self._go(state.advancing_to)

    async def _go(self, target: datetime) -> LabClock:
        await self.due.run_until(target, self._arrive)
        async with self.records.writing() as transaction:
            before = await self._read()
            state = LabClock(max(target, before.now), before.frozen, whole_ms(self.real_now()), advancing_to=None)
            await transaction.leases.put_lab_clock(state)
            await self.due.desk.publish_newest(transaction)
        self.clock.steer(state)
        self.due.desk.tell()
        log.info("lab_clock_set", now=state.now.isoformat(), frozen=state.frozen)
        return state

    async def _arrive(self, instant: datetime) -> None:
        state = await self._read()
        if instant > state.now:
            await self._put(replace(state, now=instant))

    async def _set_frozen(self, *, frozen: bool) -> LabClock:
        async with self.due.busy:
            interrupted = (await self._read()).advancing_to
            if interrupted is not None:
                await self._go(interrupted)
            state = replace(self._here(await self._read()), frozen=frozen)
            async with self.records.writing() as transaction:
                await transaction.leases.put_lab_clock(state)
                await self.due.desk.publish_newest(transaction)
            self.clock.steer(state)
        self.due.desk.tell()
        log.info("lab_clock_set", now=state.now.isoformat(), frozen=frozen)
        return state

    async def _read(self) -> LabClock:
        async with self.records.reading() as transaction:
            state = await transaction.leases.lab_clock()
        if state is None:
            raise CloudError("not_a_lab", 409, "This cloud runs on real time: start it with `[lab] enabled = true`.")
        return state

    async def _put(self, state: LabClock) -> None:
        async with self.records.writing() as transaction:
            await transaction.leases.put_lab_clock(state)
        self.clock.steer(state)

    def _here(self, state: LabClock) -> LabClock:
        if state.advancing_to is not None:
            return state
        return replace(state, now=whole_ms(self.clock.now()), set_at=whole_ms(self.real_now()))
