"""The cameras that run side by side: some come, go or change while the others record on."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

Plan = TypeVar("Plan", bound=Hashable)
Run = Callable[[], Awaitable[object]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class FleetChange:
    """Camera ids that came, went, or were started anew because something of theirs changed."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


class CameraFleet(Generic[Plan]):
    """Runs one flow for each camera that is planned.

    `make(camera_id, plan)` builds a camera and returns its flow; `forget(camera_id)` is told when one has ended for
    good. Plans that are equal leave a camera alone.
    """

    def __init__(self, make: Callable[[str, Plan], Run], forget: Callable[[str], None]) -> None:
        self._make = make
        self._forget = forget
        self._plans: dict[str, Plan] = {}
        self._runs: dict[str, Run] = {}
        self._tasks: dict[str, asyncio.Task[object]] = {}
        self._changed = asyncio.Event()
        self._one_change = asyncio.Lock()
        self._running = False

    def begin_with(self, plans: Mapping[str, Plan]) -> None:
        """Build the first cameras; they start with `run`."""
        for camera_id, plan in plans.items():
            self._add(camera_id, plan)

    async def take(self, plans: Mapping[str, Plan]) -> FleetChange:
        """Make the fleet that of `plans`: a camera that goes or changes ends its clip first, the others see nothing."""
        async with self._one_change:
            known = self._plans
            removed = tuple(camera_id for camera_id in known if camera_id not in plans)
            changed = tuple(each for each in known if each in plans and plans[each] != known[each])
            added = tuple(camera_id for camera_id in plans if camera_id not in known)
            await self._end((*removed, *changed))
            for camera_id in removed:
                self._forget(camera_id)
            for camera_id in (*changed, *added):
                self._add(camera_id, plans[camera_id])
            self._changed.set()
            return FleetChange(added, removed, changed)

    async def renew(self, camera_id: str) -> None:
        """Start one camera anew, by its plan of now; its clip ends first. A camera that is not there stays away."""
        async with self._one_change:
            plan = self._plans.get(camera_id)
            if plan is not None:
                await self._end((camera_id,))
                self._add(camera_id, plan)
                self._changed.set()

    async def run(self) -> None:
        """Run all of them until cancelled; what a camera's flow raises past itself ends the fleet with it."""
        self._running = True
        for camera_id in self._runs:
            self._start(camera_id)
        changed = asyncio.ensure_future(self._changed.wait())
        try:
            while True:
                await asyncio.wait({changed, *self._tasks.values()}, return_when=asyncio.FIRST_COMPLETED)
                for camera_id, task in list(self._tasks.items()):
                    if task.done():
                        del self._tasks[camera_id]
                        task.result()  # a video that is over; an error is the agent's to end with
                if changed.done():
                    self._changed.clear()
                    changed = asyncio.ensure_future(self._changed.wait())
        finally:
            self._running = False
            changed.cancel()
            await self._end(tuple(self._tasks))

    def _add(self, camera_id: str, plan: Plan) -> None:
        self._plans[camera_id] = plan
        self._runs[camera_id] = self._make(camera_id, plan)
        if self._running:
            self._start(camera_id)

    def _start(self, camera_id: str) -> None:
        self._tasks[camera_id] = asyncio.ensure_future(self._runs[camera_id]())

    async def _end(self, camera_ids: tuple[str, ...]) -> None:
        ending = [task for each in camera_ids if (task := self._tasks.pop(each, None)) is not None]
        for camera_id in camera_ids:
            self._plans.pop(camera_id, None)
            self._runs.pop(camera_id, None)
        for task in ending:
            task.cancel()
        for outcome in await asyncio.gather(*ending, return_exceptions=True):
            if isinstance(outcome, Exception):
                log.error("camera_not_ended_cleanly", exc_info=outcome)
