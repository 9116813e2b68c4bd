"""A monotonic clock whose sleep moves it at once: pacing is asserted without waiting."""


class FakeTime:
    def __init__(self) -> None:
        self.now_s = 5000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept.append(seconds)
        self.now_s += seconds
