"""How long to wait before the next try: exponential, jittered, and never shorter than the other side asked for."""

FIRST_S = 1.0
LONGEST_S = 300.0
RESTART_S = 10.0
CAMERA_RETRY_S = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Waits before a lost camera, or a stream of it, is opened again, one after the other."""


def backoff_s(failures: int, jitter: float, asked_s: float | None = None) -> float:
    """Return seconds to wait after `failures` failures in a row (1, 2, ...), with `jitter` in 0..1.

    Half of the wait is fixed and half is jittered, so that a thousand modules do not come back at once and none comes
    back at once either. `asked_s` (Retry-After) is a floor, taken up to an hour: no server may silence a module.
    """
    doublings = min(max(failures, 1) - 1, 16)
    full = min(LONGEST_S, FIRST_S * (1 << doublings))
    own = full / 2 + full / 2 * jitter
    if asked_s is None:
        return own
    return max(own, min(max(asked_s, 0.0), 3600.0) + own / 10)


def restart_s(failures: int, jitter: float) -> float:
    """Return seconds until a flow that failed is started again: about 10 s, doubled with each failure in a row.

    `jitter` in 0..1 spreads it by a quarter to both sides. At most about five minutes: a flow that always fails writes
    a traceback each time, and the disk may be an SD card.
    """
    doublings = min(max(failures, 1) - 1, 16)
    return min(LONGEST_S, RESTART_S * (1 << doublings)) * (0.75 + 0.5 * jitter)
