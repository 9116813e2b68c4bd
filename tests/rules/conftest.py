"""A cloud per test: a home in one region, or a town for homes in several."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.rules.home import Home, Town, open_home, open_town


@pytest_asyncio.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town(tmp_path) as opened:
        yield opened


@pytest_asyncio.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    """Open a linked home in France."""
    async with open_home(tmp_path) as opened:
        yield opened


@pytest_asyncio.fixture
async def cared(tmp_path: Path) -> AsyncIterator[Home]:
    """Open a home of the vendor with a level for each camera."""
    async with open_home(tmp_path, "US", "kasa_care") as opened:
        yield opened


@pytest_asyncio.fixture
async def protected(tmp_path: Path) -> AsyncIterator[Home]:
    """Open a home of the vendor of services."""
    async with open_home(tmp_path, "EU", "somfy_protect") as opened:
        yield opened
