"""One open rig per test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.flow.cloud_media.rig import Rig, open_rig


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with open_rig(tmp_path) as opened:
        yield opened
