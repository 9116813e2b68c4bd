"""How wrong log-ins slow their source down: a pure rule over counts and monotonic seconds."""

from dataclasses import dataclass, replace

FREE_ATTEMPTS = 10
"""A person who forgot which password it was gets these without any wait."""
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 300.0
FORGET_AFTER_S = 900.0


@dataclass(frozen=True, slots=True)
class WrongLogins:
    """What is remembered of one source: wrong attempts in a row and the monotonic second of the last one."""

    count: int
    last_s: float


def wait_s(past: WrongLogins | None, now_s: float) -> float:
    """Return the seconds until this source may try again; 0 when it may try now."""
    if past is None or past.count < FREE_ATTEMPTS or now_s - past.last_s >= FORGET_AFTER_S:
        return 0.0
    doublings = min(past.count - FREE_ATTEMPTS, 20)
    wait = min(FIRST_WAIT_S * 2.0**doublings, LONGEST_WAIT_S)
    return max(0.0, wait - (now_s - past.last_s))


def after_wrong(past: WrongLogins | None, now_s: float) -> WrongLogins:
    """Count one more wrong attempt; a source that was quiet long enough starts anew."""
    if past is None or now_s - past.last_s >= FORGET_AFTER_S:
        return WrongLogins(1, now_s)
    return replace(past, count=past.count + 1, last_s=now_s)


def is_reported(past: WrongLogins) -> bool:
    """Tell whether this wrong attempt is worth a warning: its source is slowed from now on, so warnings are rare."""
    return past.count >= FREE_ATTEMPTS
