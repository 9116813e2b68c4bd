"""Messages that go nowhere: what would have left is kept in a file, for a demo, a lab and a cloud without mail."""

import asyncio
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from cloud_stub.errors import CloudError
from cloud_stub.ports import MessagesAway

ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+")
NEWEST_KEPT: Final = 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """One message as it would have left; of its picture the size alone is kept."""

    message_id: str
    recipient: str
    title: str
    text: str
    picture_bytes: int = 0


class RecordedMessages:
    """`cloud_stub.ports.Messages` that keeps the newest messages, each once, in one line of a private file each."""

    def __init__(self, journal: Path) -> None:
        self._path = journal
        self._writing = asyncio.Lock()
        self._kept = {message.message_id: message for message in _read(journal)}

    async def send(self, message_id: str, recipient: str, title: str, text: str, picture: bytes | None = None) -> None:
        if ADDRESS.fullmatch(recipient) is None:
            raise CloudError("recipient_refused", 422, "This is no address that mail can be sent to.")
        async with self._writing:
            if message_id in self._kept:
                return
            new = Kept(message_id, recipient, " ".join(title.split()), text, len(picture or b""))
            kept = [*self._kept.values(), new][-NEWEST_KEPT:]
            try:
                await asyncio.to_thread(_write, self._path, kept)
            except OSError as error:
                raise MessagesAway(f"messages cannot be kept: {error.strerror}") from error
            self._kept = {message.message_id: message for message in kept}

    def sent(self) -> tuple[Kept, ...]:
        """Return what was sent, oldest first."""
        return tuple(self._kept.values())


def _read(journal: Path) -> list[Kept]:
    if not journal.exists():
        return []
    return [Kept(**json.loads(line)) for line in journal.read_text(encoding="utf-8").splitlines()]


def _write(journal: Path, kept: list[Kept]) -> None:
    """Replace the file as a whole: a crash leaves the old one or the new one."""
    beside = journal.with_suffix(".new")
    beside.touch(mode=0o600)
    beside.write_text("".join(json.dumps(asdict(message)) + "\n" for message in kept), encoding="utf-8")
    beside.replace(journal)
