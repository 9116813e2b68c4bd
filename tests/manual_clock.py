"""A clock that only moves when a test says so; stands in for both sides' Clock port."""

import asyncio
import heapq
from datetime import UTC, datetime, timedelta


class ManualClock:
    """Civil and monotonic time move together by `advance`; sleepers wake in order."""

    def __init__(self, now: datetime = datetime(2026, 3, 1, tzinfo=UTC), *, trusted: bool = True) -> None:
        self.civil = now
        self.is_trusted = trusted
        self.seconds = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> datetime:
        return self.civil

    def trusted(self) -> bool:
        return self.is_trusted

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self.seconds + seconds, self._count, future))
        await future

    async def advance(self, seconds: float) -> None:
        """Move time on, waking every sleeper that falls due, in order, and letting it run before the next."""
        target = self.seconds + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= target:
            due, _, future = heapq.heappop(self._sleepers)
            self._move_to(due)
            if not future.done():
                future.set_result(None)
            await self.settle()
        self._move_to(target)

    def _move_to(self, seconds: float) -> None:
        step = max(0.0, seconds - self.seconds)
        self.civil += timedelta(seconds=step)
        self.seconds += step

    async def settle(self) -> None:
        """Let tasks that are ready run until they wait again (file I/O in threads is not waited for)."""
        for _ in range(20):
            await asyncio.sleep(0)  # noqa: TID251 - yields to the loop, waits for nothing
