"""Continuous recording of one agent: the segments of each of its cameras, motion as marks in them, and their window."""

from collections.abc import Callable

from agent.composition.cameras import Cameras
from agent.composition.parts import Parts
from agent.flow.clip_moves import ClipMoves
from agent.flow.open_clip import ClipIntake
from agent.flow.segments_to_window import SegmentsToWindow
from agent.flow.status_board import StatusBoard
from agent.flow.steps_to_segments import MotionBesideSegments, StepsToSegments


class Continuous:
    """`onlooker` makes a camera's segment recorder, `intake` is the motion recorders', `window.run` runs beside."""

    def __init__(
        self, parts: Parts, board: StatusBoard, keeper: ClipIntake, moves: ClipMoves, cameras: Callable[[], Cameras]
    ) -> None:
        self._parts = parts
        self._board = board
        self._keeper = keeper
        self._cameras = cameras
        self._recorders: dict[str, StepsToSegments] = {}
        self.intake = MotionBesideSegments(keeper, self._recorders.get)
        self.window = SegmentsToWindow(ledger=parts.ledger, moves=moves, clock=parts.clock, board=board)

    def onlooker(self, camera_id: str) -> StepsToSegments:
        """Make the segment recorder of a camera, as the settings of now want it."""
        plan = self._cameras().plans[camera_id]
        recorder = StepsToSegments(
            camera_id=camera_id,
            board=self._board,
            clock=self._parts.clock,
            intake=self._keeper,
            times=plan.segments,
            wanted=plan.camera.continuous,
        )
        self._recorders[camera_id] = recorder
        return recorder


def build_continuous(
    parts: Parts, board: StatusBoard, keeper: ClipIntake, moves: ClipMoves, cameras: Callable[[], Cameras]
) -> Continuous:
    """Make continuous recording; `cameras` are asked later."""
    return Continuous(parts, board, keeper, moves, cameras)
