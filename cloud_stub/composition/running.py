"""Runs a cloud: what must be done first, then the listener and everything beside it, until a signal says stop."""

import asyncio
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

from cloud_stub.composition.service import Cloud, build_cloud
from cloud_stub.errors import BadConfiguration
from cloud_stub.settings import HttpSettings, Settings

CLOSE_WITHIN_S = 3.0

log = structlog.get_logger()


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; BadConfiguration when it cannot start."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    cloud = await build_cloud(settings)
    try:
        for job in cloud.first:
            await job()
        async with _listening(cloud):
            log.info("cloud_listens", url=settings.http.url)
            cloud.on_ready()
            await _run_beside(cloud, stop)
    finally:
        for job in cloud.last:
            await job()


async def _run_beside(cloud: Cloud, stop: asyncio.Event) -> None:
    """Run the jobs until told to stop; one that ends by an error ends the cloud, whose manager starts it again."""
    tasks = [asyncio.ensure_future(job()) for job in cloud.jobs]
    stopping = asyncio.ensure_future(stop.wait())
    try:
        done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if task is not stopping:
                task.result()
    finally:
        cloud.on_stopping()
        stopping.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(stopping, *tasks, return_exceptions=True)


@asynccontextmanager
async def _listening(cloud: Cloud) -> AsyncIterator[None]:
    http = cloud.settings.http
    runner = web.AppRunner(cloud.app, access_log=None, shutdown_timeout=CLOSE_WITHIN_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, http.host, http.port, ssl_context=_tls(http))
        try:
            await site.start()
        except OSError as error:
            raise BadConfiguration(
                f"Port {http.port} on {http.host} cannot be used ({error.strerror}): set another "
                f"port in [http] (CLOUD_PORT for the demo)."
            ) from error
        yield
    finally:
        await runner.cleanup()


def _tls(http: HttpSettings) -> ssl.SSLContext | None:
    if http.certificate is None or http.private_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(http.certificate, http.private_key)
    except (OSError, ssl.SSLError) as error:
        raise BadConfiguration(f"[http] certificate or private_key cannot be used: {error}") from error
    return context
