"""The system clock over hand-moved wall and monotonic clocks, and once over the real ones."""

from datetime import UTC, datetime
from pathlib import Path

from agent.adapters.clock_system import SystemClock, system_says_synchronised

MARCH = datetime(2026, 3, 1, tzinfo=UTC).timestamp()


class Board:
    """A board's two clocks and its word on synchronisation."""

    def __init__(self, wall_s: float, *, synchronised: bool) -> None:
        self.wall_s, self.monotonic_s, self.synchronised, self.asked = wall_s, 50.0, synchronised, 0

    def clock(self, floor_s: float = 0.0, *, trust_wall_clock: bool = False) -> SystemClock:
        return SystemClock(
            floor_s=floor_s,
            trust_wall_clock=trust_wall_clock,
            synchronised=self.ask,
            wall=lambda: self.wall_s,
            monotonic=lambda: self.monotonic_s,
        )

    def ask(self) -> bool:
        self.asked += 1
        return self.synchronised

    def go_on(self, seconds: float) -> None:
        self.wall_s += seconds
        self.monotonic_s += seconds


def test_a_clock_at_1970_goes_on_from_the_floor_of_the_last_run_and_is_not_trusted() -> None:
    board = Board(12.0, synchronised=False)
    clock = board.clock(MARCH)
    board.go_on(60)
    assert (clock.now().timestamp(), clock.trusted()) == (MARCH + 60, False)


def test_an_untrusted_wall_clock_never_raises_the_floor() -> None:
    clock = Board(MARCH * 2, synchronised=False).clock(MARCH)
    clock.now()
    assert clock.floor_s() == MARCH


def test_a_valid_leases_issue_time_makes_a_lost_clock_trusted() -> None:
    clock = Board(12.0, synchronised=False).clock(0.0)
    clock.raise_floor(MARCH)
    assert (clock.now().timestamp(), clock.trusted(), clock.floor_s()) == (MARCH, True, MARCH)


def test_time_stays_known_when_synchronisation_is_lost_later() -> None:
    board = Board(MARCH, synchronised=True)
    clock = board.clock()
    assert clock.now().timestamp() == MARCH
    board.go_on(10)
    board.synchronised, board.wall_s = False, 0.0
    assert (clock.now().timestamp(), clock.trusted()) == (MARCH + 10, True)


def test_the_question_is_asked_at_most_once_a_second() -> None:
    board = Board(MARCH, synchronised=True)
    clock = board.clock()
    for _ in range(100):
        clock.now()
        clock.trusted()
    assert board.asked == 1


def test_in_a_container_a_setting_makes_the_wall_clock_trusted() -> None:
    clock = Board(MARCH, synchronised=False).clock(trust_wall_clock=True)
    assert (clock.now().timestamp(), clock.trusted()) == (MARCH, True)


def test_timesyncds_flag_is_enough(tmp_path: Path) -> None:
    flag = tmp_path / "synchronized"
    flag.touch()
    assert system_says_synchronised(flag)


async def test_the_real_clocks_go_forward() -> None:
    clock = SystemClock(trust_wall_clock=True)
    before, before_s = clock.now(), clock.monotonic()
    await clock.sleep(0.01)
    assert clock.now() > before
    assert clock.monotonic() > before_s
