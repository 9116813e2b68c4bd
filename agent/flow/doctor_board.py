"""The doctor's look at the board: which one it is, and whether the configuration fits on it."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from agent.flow.doctor import Check, DoctorFinding, Level
from hardware.boards.profiles import Board

AGENT_MB: Final = 115
"""The running agent without a camera (resident set, measured on x86-64)."""
CAMERA_MB: Final = 20
"""Each camera: 13 MB for decoding 1080p (measured), and its ring of packets."""
ENCODER_MB: Final = 25
"""Each local camera whose pictures may have to be encoded here (estimated)."""
PERSON_MB: Final = 75
"""onnxruntime with the shipped model (70 MB, measured on x86-64)."""


@dataclass(frozen=True, slots=True)
class BoardLoad:
    """What a configuration asks of a board: cameras, how many of them are local, person detection, and its pins."""

    cameras: int
    local_cameras: int
    person: bool
    pins: tuple[int, ...]

    @property
    def memory_mb(self) -> int:
        """Return what the agent will take, about."""
        return AGENT_MB + CAMERA_MB * self.cameras + ENCODER_MB * self.local_cameras + (PERSON_MB if self.person else 0)


def board_check(find: Callable[[], Board], load: BoardLoad) -> tuple[str, Check]:
    """Name the board and warn of each thing that goes beyond it; `find` blocks."""

    async def look() -> Sequence[DoctorFinding]:
        board = await asyncio.to_thread(find)
        encoder = "no H.264 encoder" if board.encoder is None else f"H.264 encoder {board.encoder}"
        named = board.model or board.profile.name
        found = DoctorFinding(
            "board", Level.OK, f"{named} ({board.memory_mb} MB, {encoder}); profile: {board.profile.name}."
        )
        return [found, *(DoctorFinding("board", Level.WARN, what, to_do) for what, to_do in _too_much(board, load))]

    return "board", look


def _too_much(board: Board, load: BoardLoad) -> Iterator[tuple[str, str]]:
    """Yield what is beyond the board, and what to do about it."""
    profile = board.profile
    if load.cameras > profile.most_cameras:
        yield (
            f"{load.cameras} cameras are configured; this board is good for about {profile.most_cameras}.",
            "Watch the load, lower the cameras' pictures per second, or take a larger board.",
        )
    budget_mb = profile.agent_mb * max(1.0, board.memory_mb / profile.memory_mb)
    if load.memory_mb > budget_mb:
        yield (
            f"The configuration needs about {load.memory_mb} MB; the agent's share here is {budget_mb:.0f} MB.",
            "Use fewer cameras, or switch person detection off.",
        )
    if load.person and not profile.person_detection:
        yield (
            "Person detection is slow on this board: a look takes the better part of a second.",
            "Set detect = false in [person], or lower most_per_s.",
        )
    if load.local_cameras and board.encoder is None:
        yield "No H.264 encoder works here.", "Use cameras that send H.264 themselves."
    yield from _pins(board, load)


def _pins(board: Board, load: BoardLoad) -> Iterator[tuple[str, str]]:
    profile = board.profile
    if load.pins and not profile.free_pins:
        yield f"Pins are configured, but a {profile.name} has none.", "Take the table [gpio] out."
        return
    for pin in load.pins:
        if pin not in profile.free_pins:
            duty = profile.busy_pins.get(pin, "another duty")
            yield f"GPIO {pin} is also for {duty}.", "Take another pin, or switch that off (raspi-config)."
