"""How long to wait before the next try: exponential, jittered, and never shorter than the other side asked for."""

FIRST_S = 1.0
LONGEST_S = 300.0


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
