"""Runs an agent until a signal says stop: recovery first, then the diagnostics and every flow side by side."""

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from aiohttp import web

from agent.composition.beside import do_all, log_stray_error, run_beside
from agent.composition.parts import open_parts, take_lock
from agent.composition.service import Agent, AgentBuilder
from agent.errors import BadInput
from agent.settings import Settings, load_settings

CLOSE_WITHIN_S = 2.0

log = structlog.get_logger()


async def run(path: Path, *, lab: bool) -> None:
    """Run with a configuration until SIGTERM or SIGINT, and read it again on SIGHUP; BadInput when it cannot start.

    An error in the core ends the agent, loudly.
    """
    settings = load_settings(path)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(log_stray_error)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    lock = take_lock(settings.module.state_dir)
    try:
        agent = await _built(settings, path, lab=lab)
        reloads = set[asyncio.Future[object]]()  # the loop itself holds tasks only weakly

        def reload() -> None:
            task = asyncio.ensure_future(agent.reload())
            reloads.add(task)
            task.add_done_callback(reloads.discard)

        loop.add_signal_handler(signal.SIGHUP, reload)
        try:
            for job in agent.first:
                await job()
            async with _listening(agent):
                parts = agent.parts
                await run_beside(
                    agent.core, agent.side, stop, board=agent.board, clock=parts.clock, jitter=random.random
                )
        finally:
            await do_all(agent.last)
    finally:
        os.close(lock)


async def _built(settings: Settings, path: Path, *, lab: bool) -> Agent:
    """Open and build; what was opened is closed again when the rest cannot be built (a ledger's thread never ends)."""
    parts = await open_parts(settings, lab=lab)
    try:
        return AgentBuilder(parts, path).build()
    except BaseException:
        await parts.ledger.close()
        raise


@asynccontextmanager
async def _listening(agent: Agent) -> AsyncIterator[None]:
    where = agent.parts.settings.diagnostics
    runner = web.AppRunner(agent.app, access_log=None, shutdown_timeout=CLOSE_WITHIN_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, where.host, where.port).start()
        except OSError as error:
            raise BadInput(
                f"Port {where.port} on {where.host} cannot be used ({error.strerror}): set another one in "
                f"[diagnostics] (AGENT_PORT for the demo)."
            ) from error
        log.info("agent_runs", diagnostics=f"http://{where.host}:{where.port}")
        yield
    finally:
        with contextlib.suppress(TimeoutError):
            await runner.cleanup()
