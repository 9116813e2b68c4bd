"""Debian's chromium for the browser tests: how it is found, started without a network of its own, and waited for."""

import shutil

import pytest

EXECUTABLE = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 20_000

BROWSER_MARKS = [
    pytest.mark.browser,
    pytest.mark.skipif(EXECUTABLE is None, reason="Debian's chromium is not installed"),
    # playwright keeps pipes of the browser open a little longer than the loop that made them
    pytest.mark.filterwarnings("ignore:unclosed transport:ResourceWarning"),
]
