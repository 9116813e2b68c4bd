"""The one thread that touches the USB drive: a drive that hangs holds this thread and no other."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from typing import Any, TypeVar

from agent.domain.drive_pace import PACE_DETAIL, DrivePace, drive_pace
from agent.ports import Clock
from hardware.drive import DriveGone

T = TypeVar("T")


class DriveLaneThread:
    """The DriveLane port. The thread lives while there are calls, and never keeps the process from ending."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._waiting: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._works = False
        self._progress_s: float | None = None

    async def run(self, call: Callable[[], T], within_s: float | None = None) -> T:
        if within_s is not None and self.pace() is not DrivePace.OK:
            raise DriveGone(PACE_DETAIL[self.pace()])
        answer: asyncio.Future[T] = asyncio.wrap_future(self._queue(call))
        if within_s is None:
            return await answer
        limit = asyncio.ensure_future(self._clock.sleep(within_s))
        either: set[asyncio.Future[Any]] = {answer, limit}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return answer.result()
            raise DriveGone("The drive is busy or does not answer: this is tried again.")
        finally:
            limit.cancel()
            answer.cancel()

    def pace(self) -> DrivePace:
        since_s = self._progress_s
        return drive_pace(None if since_s is None else self._clock.monotonic() - since_s)

    def progressed(self) -> None:
        self._progress_s = self._clock.monotonic()

    def _queue(self, call: Callable[[], T]) -> Future[T]:
        answer: Future[T] = Future()
        with self._lock:
            self._waiting.append((call, answer))
            if not self._works:
                self._works = True
                Thread(target=self._work, name="drive", daemon=True).start()
        return answer

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._works = False
                    return
                call, answer = self._waiting.popleft()
            if not answer.set_running_or_notify_cancel():
                continue
            self.progressed()
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001 - it is raised again where the call was made
                self._progress_s = None
                answer.set_exception(error)
            else:
                self._progress_s = None
                answer.set_result(result)
