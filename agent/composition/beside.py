"""Runs an agent's flows side by side: the core ends it with an error, every other one is started again."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from agent.flow.fault_to_restart import SideFlow, keep_running
from agent.flow.status_board import StatusBoard
from agent.ports import Clock

Job = Callable[[], Awaitable[object]]
log = structlog.get_logger()


async def run_beside(
    core: Sequence[Job],
    side: Sequence[SideFlow],
    stop: asyncio.Event,
    *,
    board: StatusBoard,
    clock: Clock,
    jitter: Callable[[], float],
) -> None:
    """Run until told to stop, or until every flow has ended by itself (a video that is over).

    An exception of the core is raised once everything else has ended: without cameras and ledger there is no agent,
    and the service manager starts a new one.
    """
    running = {asyncio.ensure_future(job()) for job in core}
    running |= {asyncio.ensure_future(keep_running(flow, board=board, clock=clock, jitter=jitter)) for flow in side}
    stopping = asyncio.ensure_future(stop.wait())
    try:
        while running and not stopping.done():
            done, _ = await asyncio.wait({stopping, *running}, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                running.discard(task)
                task.result()
    finally:
        stopping.cancel()
        for task in running:
            task.cancel()
        await asyncio.gather(stopping, *running, return_exceptions=True)
        log.info("agent_stopped")


async def do_all(jobs: Sequence[Job]) -> None:
    """Do what comes last, each whatever became of the one before."""
    for job in jobs:
        try:
            await job()
        except Exception:  # the ledger is closed also when a connection cannot be
            log.exception("not_ended_cleanly")


def log_stray_error(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Log what a library's callback raised past everybody; a lost socket is one line, anything else has its traceback.

    An exception handler for the event loop: without it these go to standard error as they are.
    """
    error = context.get("exception")
    said = str(context.get("message", ""))
    if isinstance(error, OSError):
        log.warning("callback_failed", error=str(error), where=said)
    elif isinstance(error, BaseException):
        log.error("callback_failed", where=said, exc_info=error)
    else:
        log.warning("callback_failed", where=said)
