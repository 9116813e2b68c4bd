"""Which of a camera's two streams motion is looked for in."""

from enum import StrEnum


class DetectsOn(StrEnum):
    """`main` is the recorded stream, taken while the small second one that was configured is not there."""

    SECOND = "second"
    MAIN = "main"
