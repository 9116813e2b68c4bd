"""Waiting across processes: the one place in the tests that polls a real clock."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
POLL_S = 0.05


def wait_until(condition: Callable[[], T], deadline_s: float, what: str) -> T:
    """Call `condition` until its value is true and return it; AssertionError naming `what` after `deadline_s`."""
    ends = time.monotonic() + deadline_s  # noqa: TID251 - the tests' own wait runs on real time
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < ends, f"not within {deadline_s} s: {what}"  # noqa: TID251 - as above
        time.sleep(POLL_S)  # noqa: TID251 - as above


async def wait_until_async(condition: Callable[[], Awaitable[T]], deadline_s: float, what: str) -> T:
    """Do the same for a condition that must be awaited."""
    ends = time.monotonic() + deadline_s  # noqa: TID251 - the tests' own wait runs on real time
    while True:
        value = await condition()
        if value:
            return value
        assert time.monotonic() < ends, f"not within {deadline_s} s: {what}"  # noqa: TID251 - as above
        await asyncio.sleep(POLL_S)  # noqa: TID251 - as above
