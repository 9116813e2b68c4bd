"""What the status light says: the one thing that matters most now, and the pattern that shows it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class LightState(StrEnum):
    """What the light shows, the most urgent first."""

    FAULT = "fault"
    EJECTED = "ejected"
    RECORDING = "recording"
    OFFLINE = "offline"
    ARMED = "armed"
    DISARMED = "disarmed"


PATTERNS: Final[Mapping[LightState, tuple[tuple[bool, float], ...]]] = {
    LightState.FAULT: ((True, 0.1), (False, 0.1)) * 5,
    LightState.EJECTED: ((True, 0.9), (False, 0.1)),
    LightState.RECORDING: ((True, 1.0),),
    LightState.OFFLINE: ((True, 0.1), (False, 0.2), (True, 0.1), (False, 1.6)),
    LightState.ARMED: ((True, 0.1), (False, 1.9)),
    LightState.DISARMED: ((False, 1.0),),
}
"""On or off, and for how many seconds; repeated while the state lasts. None is longer than 2 s."""


def light_state(*, faulty: bool, ejected: bool, recording: bool, connected: bool, armed: bool) -> LightState:
    """Choose what to show. `faulty`: something needs a person; `ejected`: the drive can be taken out now."""
    if faulty:
        return LightState.FAULT
    if ejected:
        return LightState.EJECTED
    if recording:
        return LightState.RECORDING
    if not connected:
        return LightState.OFFLINE
    return LightState.ARMED if armed else LightState.DISARMED
