"""The pins of a board: levels in, levels out; what they mean is the owner's business."""

from collections.abc import Callable
from typing import Protocol


class GpioRefused(Exception):  # noqa: N818 - reads as a statement where it is caught
    """The pins cannot be used here; the text says what to install, allow or wire differently."""


class Gpio(Protocol):
    """The pins of one board, by BCM number. Levels are told as they come: debouncing is the owner's."""

    def watch(self, pin: int, changed: Callable[[bool], None], *, to_ground: bool) -> bool:
        """Follow an input and return whether it is active now; raises GpioRefused.

        `changed(active)` is called from any thread and must not block. With `to_ground` the pin is pulled up and is
        active while it is low (a button to ground); else it is pulled down and active while high (a motion sensor).
        """

    def output(self, pin: int) -> Callable[[bool], None]:
        """Take a pin as an output, low at first, and return what switches it; raises GpioRefused."""

    def close(self) -> None:
        """Let go of all pins; outputs go low. Idempotent."""
