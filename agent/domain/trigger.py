"""What made a recorder take it that something moves: the pictures, or a sensor beside the camera."""

from enum import StrEnum


class Trigger(StrEnum):
    """The word stands in `event/motion.trigger`."""

    PICTURE = "picture"
    PIR = "pir"
