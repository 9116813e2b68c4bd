"""A running cloud per test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.web.cloud.site import Site, open_site


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as opened:
        await opened.add_account()
        yield opened


@pytest_asyncio.fixture
async def lab_site(tmp_path: Path) -> AsyncIterator[Site]:
    folder = tmp_path / "lab"
    folder.mkdir()
    async with open_site(folder, lab=True) as opened:
        await opened.add_account()
        yield opened
