"""A fault of one flow becomes a new start of that flow: logged, named on the board, and never the end of the agent."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from agent.domain.backoff import restart_s
from agent.flow.status_board import FlowFault, StatusBoard
from agent.ports import Clock

STEADY_AFTER_S = 60.0
"""A flow that ran this long after a fault counts as well again, and its next wait is the shortest one."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SideFlow:
    """A flow that recording does without for a while. `name` is its stable word in log, health and metrics."""

    name: str
    run: Callable[[], Awaitable[object]]


async def keep_running(flow: SideFlow, *, board: StatusBoard, clock: Clock, jitter: Callable[[], float]) -> None:
    """Run a flow until it ends by itself, and start it again after whatever exception; `jitter` returns 0..1.

    Between a fault and the first steady minute the flow stands in `board.faults`. A cancellation passes through.
    """
    failures = 0
    while True:
        began_s = clock.monotonic()
        clearing = asyncio.ensure_future(_clear_when_steady(flow.name, board, clock))
        try:
            await flow.run()
        except Exception as error:
            failures = 1 if clock.monotonic() - began_s >= STEADY_AFTER_S else failures + 1
            wait_s = restart_s(failures, jitter())
            log.exception("flow_failed", flow=flow.name, failures=failures, again_in_s=round(wait_s, 1))
            _put(board, flow.name, FlowFault(failures, clock.monotonic(), type(error).__name__))
        else:
            _clear(flow.name, board)
            return
        finally:
            clearing.cancel()
            await asyncio.gather(clearing, return_exceptions=True)
        await clock.sleep(wait_s)


async def _clear_when_steady(name: str, board: StatusBoard, clock: Clock) -> None:
    if name in board.faults:
        await clock.sleep(STEADY_AFTER_S)
        _clear(name, board)


def _put(board: StatusBoard, name: str, fault: FlowFault) -> None:
    board.faults[name] = fault
    try:
        board.changed()
    except Exception:  # a listener may be what is at fault
        log.exception("board_not_told", flow=name)


def _clear(name: str, board: StatusBoard) -> None:
    if board.faults.pop(name, None) is not None:
        log.info("flow_well_again", flow=name)
        board.changed()
