"""What the running agent does not load: libraries that only its short commands need, and that cost memory all day."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from agent import VERSION

NEVER = ("pydantic", "typer", "rich", "numpy.ma", "numpy.random", "greenlet", "importlib.metadata", "babel")
PROGRAM = """
import sys
sys.argv = ["veilleur-agent", "run", "--help"]
from agent.__main__ import main
try:
    main()
except SystemExit:
    pass
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
def loaded() -> frozenset[str]:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    return frozenset(done.stdout.rpartition("loaded:")[2].split())


@pytest.mark.parametrize("library", NEVER)
def test_run_does_not_load(library: str, loaded: frozenset[str]) -> None:
    assert "agent.composition.running" in loaded
    assert library not in loaded


def test_the_version_that_the_agent_names_is_the_packages() -> None:
    document = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    assert document["project"]["version"] == VERSION
