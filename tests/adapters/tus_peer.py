"""Starts the reference tus server from npm as a child process, or skips with a reason."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PACKAGES = ("@tus/server@2.4.5", "@tus/file-store@2.1.1")
SCRIPT = Path(__file__).with_suffix(".mjs")


def installed_peer() -> Path:
    """Return a folder with the packages, installed once below the environment that runs the tests."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("the reference tus server needs node and npm: apt-get install nodejs npm")
    folder = Path(sys.prefix) / "npm-tus-peer"
    if not (folder / "ready").exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), *PACKAGES]
        done = subprocess.run(command, check=False, capture_output=True, timeout=90)
        if done.returncode != 0:
            pytest.skip("npm could not install the reference tus server: is the network away?")
        (folder / "ready").touch()
    shutil.copy(SCRIPT, folder / SCRIPT.name)
    return folder


@contextmanager
def tus_peer(store: Path) -> Iterator[str]:
    """Run the server over `store` and yield its base URL; it ends when its standard input closes."""
    folder = installed_peer()
    store.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        ["node", str(folder / SCRIPT.name), str(store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            assert port.isdigit(), "the reference tus server did not start"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
