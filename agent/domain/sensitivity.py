"""How sensitive a camera's detector is, who said so, and what the smallest thing is that then counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import Final

from agent.domain.motion_why import LEAST_SENSITIVITY, MOST_SENSITIVITY, minimum_area_at
from agent.errors import BadInput

LEVELS: Final = tuple(range(LEAST_SENSITIVITY, MOST_SENSITIVITY + 1))
EDGE_PIXELS: Final = 4
"""What the detector adds to a thing's width and height in its small picture: blur and dilation, less the opening."""


class SetBy(StrEnum):
    """Who said how sensitive a camera is; the owner's word goes before the file's until the owner takes it back."""

    OWNER = "owner"
    CONFIGURATION = "configuration"


@dataclass(frozen=True, slots=True)
class SensitivityInForce:
    """What a camera's detector uses (1 to 9), by whom, and what the configuration says."""

    level: int
    set_by: SetBy
    configured: int


def decide_sensitivity(configured: int, by_owner: int | None) -> SensitivityInForce:
    """Decide what is in force."""
    if by_owner is None:
        return SensitivityInForce(configured, SetBy.CONFIGURATION, configured)
    return SensitivityInForce(by_owner, SetBy.OWNER, configured)


def read_level(value: object) -> int:
    """Return a whole number from 1 to 9; BadInput says so for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or value not in LEVELS:
        raise BadInput(f"`sensitivity` must be a whole number from {LEAST_SENSITIVITY} to {MOST_SENSITIVITY}.")
    return value


def levels_document(levels: Mapping[str, int]) -> dict[str, object]:
    """Return what is kept of the owner's words, by camera id; `read_levels` reads it."""
    return {"cameras": dict(levels)}


def read_levels(kept: object) -> Mapping[str, int]:
    """Return what was kept; BadInput for what another agent wrote otherwise."""
    cameras = kept.get("cameras") if isinstance(kept, dict) else None
    if not isinstance(cameras, dict):
        raise BadInput("These are no sensitivities.")
    return {str(camera_id): read_level(level) for camera_id, level in cameras.items()}


def smallest_side(level: int, standard_area: float, width: int, height: int) -> float:
    """Return the side of the smallest square thing that counts, as a share of the picture's width.

    `standard_area` is the detector's smallest area at sensitivity 5 (a share of the picture, the thing's edge
    included); `width` x `height` is the detector's small picture.
    """
    with_edge = sqrt(minimum_area_at(level, standard_area) * width * height)
    return max(1.0, with_edge - EDGE_PIXELS) / width
