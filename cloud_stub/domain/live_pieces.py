"""What of a live view waits for a viewer: bounded, and after a skip it begins again with a keyframe (docs/wire.md)."""

from collections import deque

HEAD, KEYFRAME, TALK = 0, 1, 16
QUEUE_BYTES = 8 * 1024 * 1024
MOST_DOCUMENTS = 100


class LiveQueue:
    """Messages on their way to a viewer, in order: documents as text, pieces as bytes whose first is their kind."""

    def __init__(self, most_bytes: int = QUEUE_BYTES) -> None:
        self._most_bytes = most_bytes
        self._messages: deque[str | bytes] = deque()
        self._documents = 0
        self._skips = True
        self.held_bytes = 0

    def put(self, message: str | bytes) -> None:
        """Take the next message; a viewer who is too far behind loses every fragment up to the next keyframe."""
        if isinstance(message, str):
            if self._documents < MOST_DOCUMENTS:
                self._messages.append(message)
                self._documents += 1
            return
        if not message:
            return
        if message[0] == HEAD:
            self._drop(heads=True)
        elif self.held_bytes + len(message) > self._most_bytes:
            self._drop(heads=False)
        if message[0] == KEYFRAME:
            self._skips = False
        if message[0] != HEAD and (self._skips or len(message) > self._most_bytes):
            return
        self._messages.append(message)
        self.held_bytes += len(message)

    def get(self) -> str | bytes | None:
        """Return the oldest message, or `None`."""
        if not self._messages:
            return None
        message = self._messages.popleft()
        if isinstance(message, str):
            self._documents -= 1
        else:
            self.held_bytes -= len(message)
        return message

    def _drop(self, *, heads: bool) -> None:
        kept = [each for each in self._messages if isinstance(each, str) or (not heads and each[0] == HEAD)]
        self._messages = deque(kept)
        self.held_bytes = sum(len(each) for each in kept if isinstance(each, bytes))
        self._skips = True
