"""A step that a stop of the agent must not cut in two: it is ended first."""

import asyncio
from collections.abc import Coroutine

import structlog

log = structlog.get_logger()


async def to_its_end(step: Coroutine[object, object, None]) -> None:
    """Await a step; a stop in the middle of it waits for its end.

    A clip whose row is written and whose file is not open yet would lose its pre-roll.
    """
    taking = asyncio.ensure_future(step)
    try:
        await asyncio.shield(taking)
    except asyncio.CancelledError:
        await asyncio.wait({taking})
        if not taking.cancelled() and (error := taking.exception()) is not None:
            log.warning("step_failed_at_stop", problem=str(error))
        raise
