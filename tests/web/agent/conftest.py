"""The diagnostics of a filled module, served on a free loopback port."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from playwright.async_api import Browser, async_playwright, expect

from agent.adapters.ledger_sqlite import SqliteLedger
from tests.chromium import FLAGS, PATIENCE_MS
from tests.web.agent.scene import Scene

Client = TestClient[Request, Application]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    ledger = await SqliteLedger(tmp_path / "ledger.db").open()
    made = await asyncio.to_thread(Scene, ledger, tmp_path)
    made.fill()
    yield made
    await ledger.close()


@pytest.fixture
async def client(scene: Scene) -> AsyncIterator[Client]:
    async with TestClient(TestServer(scene.app())) as made:
        yield made


@pytest.fixture
def browser_flags() -> list[str]:
    return FLAGS


@pytest.fixture
async def browser(browser_flags: list[str]) -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium, args=browser_flags)
        yield launched
        await launched.close()
