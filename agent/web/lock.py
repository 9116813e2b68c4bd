"""Who may change things through the diagnostics: whoever shows the module's key, once for a session or on every call.

Everything on this host reaches loopback, so being there proves nothing; reading the key's file (mode 0600) does.
"""

import hmac
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from agent.ports import Clock

SESSION_S: Final = 12 * 3600.0
MOST_SESSIONS: Final = 50
WRONG_KEYS: Final = 10
WRONG_KEYS_WITHIN_S: Final = 60.0


class TooManyWrongKeys(Exception):  # noqa: N818 - reads as a statement where it is caught
    """Somebody guesses: no key is looked at for a minute."""


@dataclass(slots=True)
class Lock:
    """The sessions of this run; none outlives the agent. `key` is the content of the key's file."""

    key: str
    clock: Clock
    _ends_s: dict[str, float] = field(default_factory=dict)
    _wrong_s: list[float] = field(default_factory=list)

    def is_key(self, shown: str) -> bool:
        """Say whether this is the key, in constant time; TooManyWrongKeys after ten wrong ones within a minute."""
        now_s = self.clock.monotonic()
        self._wrong_s = [at_s for at_s in self._wrong_s if now_s - at_s < WRONG_KEYS_WITHIN_S]
        if len(self._wrong_s) >= WRONG_KEYS:
            raise TooManyWrongKeys
        if hmac.compare_digest(shown.encode(), self.key.encode()):
            return True
        self._wrong_s.append(now_s)
        return False

    def open_session(self) -> str:
        """Return a new session's secret; it lasts twelve hours, and the oldest of more than fifty ends."""
        while len(self._ends_s) >= MOST_SESSIONS:
            del self._ends_s[next(iter(self._ends_s))]
        session = secrets.token_urlsafe(32)
        self._ends_s[session] = self.clock.monotonic() + SESSION_S
        return session

    def holds(self, session: str) -> bool:
        """Say whether a session is open."""
        return self._ends_s.get(session, 0.0) > self.clock.monotonic()

    def close_session(self, session: str) -> None:
        """End a session; one that is not open is no error."""
        self._ends_s.pop(session, None)

    def token(self, session: str) -> str:
        """Return what a page of this session must send with each change: a page elsewhere cannot know it."""
        return hmac.new(self.key.encode(), session.encode(), sha256).hexdigest()

    def is_token(self, session: str, shown: str) -> bool:
        """Say whether a change comes from a page of this session."""
        return hmac.compare_digest(self.token(session).encode(), shown.encode())
