"""The ground that lives take place on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from cloud_stub.domain.catalog import Catalogs
from tests.properties.ground import hasten, prepared


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Catalogs]]:
    """Prepare it; nothing is logged."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    with prepared() as found:
        hasten(monkeypatch)
        yield found
    structlog.configure(**before)
