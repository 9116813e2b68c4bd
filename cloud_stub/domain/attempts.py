"""How attempts are slowed: one rule for codes, passwords and sign-ups, over counts and monotonic seconds."""

from collections import OrderedDict
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil

KEYS_KEPT = 10_000
MOST_DOUBLINGS = 20
ONE_SUBSCRIBER = 64
"""So many bits of an IPv6 address are given to one line; the others are its owner's to change."""


@dataclass(frozen=True, slots=True)
class Pace:
    """`free` attempts in a row cost no wait; then each waits twice as long as the last, up to `longest_wait_s`.

    Whoever was quiet for `forget_after_s` starts anew.
    """

    free: int
    first_wait_s: float
    longest_wait_s: float
    forget_after_s: float


CLAIM_PACE = Pace(free=100, first_wait_s=900.0, longest_wait_s=900.0, forget_after_s=900.0)
"""A wrong code costs more time than a code lives."""
LOG_IN_PACE = Pace(free=10, first_wait_s=1.0, longest_wait_s=300.0, forget_after_s=900.0)
"""A person who forgot which password it was gets ten tries without any wait."""
ACCOUNT_PACE = Pace(free=20, first_wait_s=1.0, longest_wait_s=60.0, forget_after_s=3600.0)
"""Guesses at one account from many places; short, since its owner may be among those who wait."""
SIGN_UP_PACE = Pace(free=10, first_wait_s=60.0, longest_wait_s=3600.0, forget_after_s=7200.0)
"""Accounts that are asked for from one place, made or not: each costs a hash and says whether an address is known."""


@dataclass(frozen=True, slots=True)
class _Past:
    count: int
    last_s: float


@dataclass(slots=True)
class Attempts:
    """Attempts by key (a source, an account); of more than 10,000 keys the one that was quiet longest is forgotten."""

    pace: Pace
    _past: OrderedDict[str, _Past] = field(default_factory=OrderedDict)

    def wait_s(self, key: str, now_s: float) -> int:
        """Return for how many whole seconds this key must wait; 0 when it may try now."""
        past = self._remembered(key, now_s)
        if past is None or past.count < self.pace.free:
            return 0
        doublings = min(past.count - self.pace.free, MOST_DOUBLINGS)
        wait = min(self.pace.first_wait_s * 2.0**doublings, self.pace.longest_wait_s)
        return max(0, ceil(wait - (now_s - past.last_s)))

    def note(self, key: str, now_s: float) -> None:
        """Count one attempt."""
        past = self._remembered(key, now_s)
        self._past[key] = _Past(1 if past is None else past.count + 1, now_s)
        self._past.move_to_end(key)
        if len(self._past) > KEYS_KEPT:
            self._past.popitem(last=False)

    def clear(self, key: str) -> None:
        """Forget what was counted: the attempt was right."""
        self._past.pop(key, None)

    def count(self, key: str) -> int:
        """Return how many attempts in a row are remembered."""
        past = self._past.get(key)
        return 0 if past is None else past.count

    def is_slowed(self, key: str) -> bool:
        """Say whether the key's attempts are worth a warning: it waits from now on, so warnings are rare."""
        return self.count(key) >= self.pace.free

    def _remembered(self, key: str, now_s: float) -> _Past | None:
        past = self._past.get(key)
        return None if past is None or now_s - past.last_s >= self.pace.forget_after_s else past


def source_key(source: str) -> str:
    """Return what stands for whoever has this address: an IPv6 one counts with its whole line."""
    try:
        address = ip_address(source.partition("%")[0])
    except ValueError:
        return source
    if not isinstance(address, IPv6Address):
        return source
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((address, ONE_SUBSCRIBER), strict=False))
