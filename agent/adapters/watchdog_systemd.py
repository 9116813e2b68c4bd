"""Speaks sd_notify(3) to the service manager; says nothing where none listens."""

import os
import socket
from collections.abc import Mapping

import structlog

log = structlog.get_logger()


class SystemdNotifier:
    """Sends READY, STATUS, WATCHDOG and STOPPING to `$NOTIFY_SOCKET` (a path, or `@name` for an abstract socket).

    `watchdog_s` is the time within which a `watchdog` call is due, in seconds, or `None` when nobody waits for one
    (`$WATCHDOG_USEC` absent, or meant for another process by `$WATCHDOG_PID`). A lost datagram is logged once and is
    never an error: a service must not stop because its manager is busy.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        name = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + name[1:] if name.startswith("@") else name
        self._failed = False
        self.watchdog_s = _watchdog_s(environment)

    def ready(self) -> None:
        """Say that start-up is over."""
        self._send("READY=1")

    def status(self, sentence: str) -> None:
        """Set the line that `systemctl status` shows."""
        self._send("STATUS=" + " ".join(sentence.split()))

    def watchdog(self) -> None:
        """Say that real progress was made."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """Say that the service is going down on purpose."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.settimeout(0)
                sender.connect(self._address)
                sender.send(message.encode())
        except OSError as error:
            if not self._failed:
                log.warning("service_manager_away", error=error.strerror)
            self._failed = True
        else:
            self._failed = False


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    text = environment.get("WATCHDOG_USEC", "")
    return int(text) / 1_000_000 if text.isdigit() and int(text) > 0 else None
