"""CPU time of the stages of a pipeline while it works: what each function used, without what it called."""

import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Stopwatch:
    """Adds up CPU seconds of this thread by stage; a stage that calls another one is not charged for it."""

    def __init__(self, cpu_s: Callable[[], float] = time.thread_time) -> None:
        self._cpu_s = cpu_s
        self._inner_s = [0.0]
        self.spent_s: dict[str, float] = {}

    def timed(self, stage: str, function: Callable[P, R]) -> Callable[P, R]:
        """Return the function with its time charged to the stage."""

        def charged(*args: P.args, **kwargs: P.kwargs) -> R:
            self._inner_s.append(0.0)
            began_s = self._cpu_s()
            try:
                return function(*args, **kwargs)
            finally:
                whole_s = self._cpu_s() - began_s
                self.spent_s[stage] = self.spent_s.get(stage, 0.0) + whole_s - self._inner_s.pop()
                self._inner_s[-1] += whole_s

        return charged
