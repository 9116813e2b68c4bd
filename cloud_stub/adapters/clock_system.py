"""The Clock port over the machine's clocks; the only module of the cloud that reads them."""

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """Clock over the system's wall and monotonic clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - this is the adapter that the ban protects

    def monotonic(self) -> float:
        return time.monotonic()  # noqa: TID251 - this is the adapter that the ban protects

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)  # noqa: TID251 - this is the adapter that the ban protects
