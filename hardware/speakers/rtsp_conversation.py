"""One RTSP conversation over TCP (RFC 2326): requests with a log-in, answers, and packets to the peer."""

import re
import select
import socket
import ssl
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from hardware.speakers.rtsp_login import RtspLogin

ANSWER_S: Final = 4.0
MOST_ANSWER_BYTES: Final = 65_536
PORTS = {"rtsp": 554, "rtsps": 322}
OK, UNAUTHORIZED = 200, 401
INTERLEAVED: Final = b"$"


@dataclass(frozen=True, slots=True)
class RtspAnswer:
    """What the peer said. The names of `headers` are lower case; of several with one name the first is kept."""

    status: int
    headers: Mapping[str, str]
    challenges: tuple[str, ...]
    body: bytes


class RtspConversation:
    """Blocking, for one thread. OSError, with a sentence that names no password, when the peer is no use."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        shown_host = f"[{host}]" if ":" in host else host
        place = f"{parts.path}?{parts.query}" if parts.query else parts.path
        self.url = f"{parts.scheme}://{shown_host}:{port}{place}"
        self.name = f"The camera at {host}:{port}"
        self._login = RtspLogin(unquote(parts.username or ""), unquote(parts.password or ""))
        self._sequence = 0
        self._waiting = b""
        try:
            self._line = socket.create_connection((host, port), timeout=ANSWER_S)
            if parts.scheme == "rtsps":
                self._line = _unchecked_tls().wrap_socket(self._line, server_hostname=host)
        except OSError as error:
            raise ConnectionError(f"{self.name} cannot be reached ({_said(error)}).") from None

    def ask(self, method: str, url: str, **headers: str) -> RtspAnswer:
        """Send a request and return the answer, whatever its status; logs in when the peer wants that."""
        answer = self._once(method, url, headers)
        if answer.status == UNAUTHORIZED and self._login.take(answer.challenges):
            answer = self._once(method, url, headers)
        return answer

    def tell(self, method: str, url: str, **headers: str) -> None:
        """Send a request whose answer nobody waits for."""
        self._send(self._request(method, url, headers))

    def send_packet(self, channel: int, packet: bytes) -> None:
        """Send one packet inside the conversation (RFC 2326 §10.12), and drop what the peer sent meanwhile."""
        self._send(INTERLEAVED + struct.pack(">BH", channel, len(packet)) + packet)
        self.listen(0)

    def listen(self, seconds: float) -> None:
        """Drop what the peer says, until it is silent for so long."""
        while self._peer_spoke(seconds):
            self._receive()
        self._waiting = b""

    def close(self) -> None:
        """Hang up. Idempotent."""
        self._line.close()

    def _once(self, method: str, url: str, headers: Mapping[str, str]) -> RtspAnswer:
        self._send(self._request(method, url, headers))
        while True:
            head = self._until(b"\r\n\r\n")
            answer = read_head(head)
            if answer is None:
                raise ConnectionError(f"{self.name} does not answer as an RTSP camera.")
            length = answer.headers.get("content-length", "0")
            if not length.isascii() or not length.isdigit() or int(length) > MOST_ANSWER_BYTES:
                raise ConnectionError(f"{self.name} does not answer as an RTSP camera.")
            body = self._take(int(length))
            if answer.headers.get("cseq", "") == str(self._sequence):
                return RtspAnswer(answer.status, answer.headers, answer.challenges, body)

    def _request(self, method: str, url: str, headers: Mapping[str, str]) -> bytes:
        self._sequence += 1
        lines = [f"{method} {url} RTSP/1.0", f"CSeq: {self._sequence}", "User-Agent: Veilleur"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        said = self._login.say(method, url)
        if said:
            lines.append(f"Authorization: {said}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def _until(self, end: bytes) -> bytes:
        """Return what comes before `end`, which is taken too; interleaved packets on the way are dropped."""
        while True:
            while self._waiting.startswith(INTERLEAVED):
                (length,) = struct.unpack(">H", self._peek(4)[2:])
                self._take(4 + length)
            if end in self._waiting:
                head, _, self._waiting = self._waiting.partition(end)
                return head
            if len(self._waiting) > MOST_ANSWER_BYTES:
                raise ConnectionError(f"{self.name} does not answer as an RTSP camera.")
            self._receive()

    def _peek(self, count: int) -> bytes:
        while len(self._waiting) < count:
            self._receive()
        return self._waiting[:count]

    def _take(self, count: int) -> bytes:
        taken = self._peek(count)
        self._waiting = self._waiting[count:]
        return taken

    def _peer_spoke(self, within_s: float) -> bool:
        pending = isinstance(self._line, ssl.SSLSocket) and self._line.pending() > 0
        return pending or bool(select.select([self._line], [], [], within_s)[0])

    def _receive(self) -> None:
        try:
            got = self._line.recv(MOST_ANSWER_BYTES)
        except OSError as error:
            raise ConnectionError(f"{self.name} does not answer ({_said(error)}).") from None
        if not got:
            raise ConnectionError(f"{self.name} ended the connection.")
        self._waiting += got

    def _send(self, data: bytes) -> None:
        try:
            self._line.sendall(data)
        except OSError as error:
            raise ConnectionError(f"{self.name} takes no more ({_said(error)}).") from None


def read_head(head: bytes) -> RtspAnswer | None:
    """Read an answer's status line and headers (without the empty line); None when it is no RTSP answer."""
    first, *rest = head.decode("utf-8", "replace").split("\r\n")
    said = re.fullmatch(r"RTSP/1\.\d (\d{3})(?: .*)?", first)
    if said is None:
        return None
    headers: dict[str, str] = {}
    challenges = []
    for line in rest:
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
        if name.strip().lower() == "www-authenticate":
            challenges.append(value.strip())
    return RtspAnswer(int(said[1]), headers, tuple(challenges), b"")


def _unchecked_tls() -> ssl.SSLContext:
    """Cameras sign for themselves; their pictures' own line (FFmpeg's) is not checked either."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _said(error: OSError) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else (error.strerror or type(error).__name__)
