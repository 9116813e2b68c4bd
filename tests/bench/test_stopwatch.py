"""A stage is charged for its own work only."""

import pytest

from tests.bench.stopwatch import Stopwatch


def test_a_stage_is_not_charged_for_the_stage_it_calls() -> None:
    now = [0.0]
    watch = Stopwatch(lambda: now[0])

    def work(seconds: float) -> None:
        now[0] += seconds

    inner = watch.timed("inner", work)

    def outer_work() -> None:
        work(1.0)
        inner(2.0)
        inner(3.0)

    watch.timed("outer", outer_work)()
    assert watch.spent_s == {"inner": 5.0, "outer": 1.0}


def test_a_stage_that_fails_is_charged_as_well() -> None:
    now = [0.0]
    watch = Stopwatch(lambda: now[0])

    def fail() -> None:
        now[0] += 1.0
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        watch.timed("fails", fail)()
    assert watch.spent_s == {"fails": 1.0}
