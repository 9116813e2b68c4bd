"""What says why a clip was made, and what tries it with another sensitivity."""

from agent.adapters.camera_feed_pyav.replay_file import ThreadReplayer
from agent.adapters.fetched_file import FetchedFile
from agent.adapters.motion_why_files import FileMotionWhys
from agent.composition.parts import Parts
from agent.flow.clip_replay import ClipReplays
from agent.flow.motion_to_why import MotionToWhy
from agent.flow.status_board import StatusBoard
from agent.ports import DriveStore
from agent.vision.detector import MINIMUM_AREA
from agent.web.changes import Changes
from agent.web.why import WhyRoutes

FOLDER = "motion"
REPLAYED_FOLDER = "replayed"


def build_whys(parts: Parts, board: StatusBoard) -> MotionToWhy:
    """Make what keeps the records, in the state folder."""
    return MotionToWhy(board, FileMotionWhys(parts.settings.module.state_dir / FOLDER))


def why_routes(
    parts: Parts, board: StatusBoard, whys: MotionToWhy, drive: DriveStore | None, changes: Changes
) -> WhyRoutes:
    """Make the part of the diagnostics that shows them."""
    replays = ClipReplays(
        ledger=parts.ledger,
        files=parts.files,
        board=board,
        replayer=ThreadReplayer(parts.clock.monotonic),
        standard_area=MINIMUM_AREA,
        drive=drive,
        aside=FetchedFile(parts.settings.module.state_dir / REPLAYED_FOLDER),
    )
    return WhyRoutes(whys, replays, parts.ledger, changes)
