"""The doctor warns of each thing that goes beyond the board, and only of that."""

from dataclasses import replace

import pytest

from agent.flow.doctor import Level
from agent.flow.doctor_board import BoardLoad, board_check
from hardware.boards.profiles import Board, read_profiles

PROFILES = {profile.name: profile for profile in read_profiles()}
ZERO = Board(PROFILES["Raspberry Pi Zero 2 W"], "Raspberry Pi Zero 2 W Rev 1.0", 427, "h264_v4l2m2m")
PI_5 = Board(PROFILES["Raspberry Pi 5"], "Raspberry Pi 5 Model B Rev 1.0", 8059, "libx264")
PC = Board(PROFILES["generic PC"], "", 16000, None)
SMALL = BoardLoad(cameras=2, local_cameras=0, person=False, pins=(17, 27, 22))


@pytest.mark.parametrize(
    ("board", "load", "warnings"),
    [
        (ZERO, SMALL, []),
        (ZERO, replace(SMALL, cameras=4), ["4 cameras are configured; this board is good for about 2"]),
        (
            ZERO,
            replace(SMALL, cameras=6, local_cameras=2, person=True),
            ["6 cameras", "needs about 360 MB; the agent's share here is 280 MB", "Person detection is slow"],
        ),
        (ZERO, replace(SMALL, pins=(2, 17)), ["GPIO 2 is also for I2C"]),
        (PI_5, BoardLoad(10, 4, True, (17,)), []),
        (PC, BoardLoad(1, 1, False, (17,)), ["No H.264 encoder", "a generic PC has none"]),
        (PC, BoardLoad(10, 0, True, ()), []),
    ],
)
async def test_what_is_too_much_is_a_warning(board: Board, load: BoardLoad, warnings: list[str]) -> None:
    first, *others = await board_check(lambda: board, load)[1]()
    assert first.level is Level.OK
    assert (board.model or board.profile.name) in first.what
    assert [finding.level for finding in others] == [Level.WARN] * len(warnings)
    for finding, part in zip(others, warnings, strict=True):
        assert part in finding.what
        assert finding.to_do
