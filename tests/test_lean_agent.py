"""What the running agent does not load: libraries that only its short commands need, and that cost memory all day."""

import os
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent import VERSION
from cloud_stub.adapters.certificates import keep_server_certificate

NEVER = (
    "pydantic",
    "typer",
    "rich",
    "numpy.ma",
    "numpy.random",
    "greenlet",
    "importlib.metadata",
    "babel",
    "jinja2",
    "cryptography.x509.extensions",
    "onnxruntime",
    "gpiozero",
    "picamera2",
    "agent.flow.doctor",
)
PROGRAM = """
import sys
sys.argv = ["veilleur-agent", "run", "--help"]
from agent.__main__ import main
try:
    main()
except SystemExit:
    pass
import aiohttp.connector, ssl
for context in (aiohttp.connector._SSL_CONTEXT_VERIFIED, ssl.create_default_context()):
    print("authorities:", context.cert_store_stats()["x509_ca"])
import numpy as np
from agent.vision.detector import MotionDetector
detector = MotionDetector()
for second in range(3):
    detector.see(np.full((180, 320), 90, np.uint8), float(second))
from agent.web.openapi import openapi_document
openapi_document("x")
print("loaded:", *sorted(name for name, module in sys.modules.items() if module is not None))
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    authority = keep_server_certificate(tmp_path_factory.mktemp("tls"), [], datetime(2026, 3, 1, tzinfo=UTC)).ca
    environment = {**os.environ, "SSL_CERT_FILE": str(authority)}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, env=environment
    ).stdout


@pytest.fixture(scope="module")
def loaded(printed: str) -> frozenset[str]:
    return frozenset(printed.rpartition("loaded:")[2].split())


@pytest.mark.parametrize("library", NEVER)
def test_run_does_not_load(library: str, loaded: frozenset[str]) -> None:
    assert "agent.composition.running" in loaded
    assert library not in loaded


def test_run_reads_no_authority_that_it_may_never_ask_and_leaves_the_environment_as_it_was(printed: str) -> None:
    """This system trusts one authority: aiohttp has not read it, and whoever asks later still finds it."""
    assert [line for line in printed.splitlines() if "authorities" in line] == ["authorities: 0", "authorities: 1"]


def test_the_version_that_the_agent_names_is_the_packages() -> None:
    document = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    assert document["project"]["version"] == VERSION
