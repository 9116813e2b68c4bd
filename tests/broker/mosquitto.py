"""A real Mosquitto as a child process, with the configuration that docs/mosquitto.md tells people to use."""

import ctypes
import os
import re
import signal
import socket
import subprocess
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cloud_stub.adapters.certificates import keep_server_certificate
from tests.ports import free_port
from tests.waiting import wait_until

GUIDE = Path(__file__).parents[2] / "docs" / "mosquitto.md"
ADMIN = "veilleur-cloud"
ADMIN_PASSWORD = "an-admin-password-for-tests"
PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


@dataclass
class MosquittoServer:
    """A running broker on loopback, TLS only. `stop` is idempotent; `kill` is a crash (SIGKILL)."""

    folder: Path
    host: str
    port: int
    ca_path: Path
    admin_user: str = ADMIN
    admin_password: str = ADMIN_PASSWORD
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def ca_pem(self) -> str:
        return self.ca_path.read_text(encoding="ascii")

    def start(self) -> None:
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(
                ["mosquitto", "-c", self.folder / "mosquitto.conf"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_end_with_parent if threading.current_thread() is threading.main_thread() else None,  # noqa: PLW1509 - nothing is imported or locked after the fork
            )
        wait_until(self._listens, 10, f"Mosquitto listens; its log:\n{self.log()}")

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def log(self) -> str:
        path = self.folder / "mosquitto.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(10)

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"Mosquitto ended at once; its log:\n{self.log()}"
        with socket.socket() as probe:
            return probe.connect_ex((self.host, self.port)) == 0


def start_mosquitto(folder: Path) -> MosquittoServer:
    """Start a broker whose files all stand in `folder`, which is made if need be; the caller stops it."""
    folder.mkdir(parents=True, exist_ok=True)
    files = keep_server_certificate(folder, [], datetime.now(UTC))  # noqa: TID251 - TLS runs on real time
    server = MosquittoServer(folder, "127.0.0.1", free_port(), files.ca)
    (folder / "mosquitto.conf").write_text(configuration(folder, server.port), encoding="utf-8")
    subprocess.run(
        ["mosquitto_ctrl", "dynsec", "init", folder / "dynamic-security.json", ADMIN, ADMIN_PASSWORD],
        check=True,
        capture_output=True,
        timeout=20,
    )
    server.start()
    return server


def configuration(folder: Path, port: int) -> str:
    """Return the guide's configuration with its folders, its port and its plugin's folder replaced; nothing else."""
    found = re.search(r"^```conf\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found, "docs/mosquitto.md has no ```conf block"
    plugin = next(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"))
    text = found[1]
    for documented, here in (
        ("listener 8883", f"listener {port} 127.0.0.1"),
        ("/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so", str(plugin)),
        ("/etc/mosquitto/veilleur", str(folder)),
        ("/var/lib/mosquitto", str(folder)),
    ):
        assert documented in text, f"docs/mosquitto.md no longer says {documented}"
        text = text.replace(documented, here)
    return text + ("user root\n" if os.geteuid() == 0 else "")


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM)
