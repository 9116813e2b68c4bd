"""Person detection of one agent: the model that the settings name, behind the cameras that the agent has now."""

from collections.abc import Callable, Sequence

from agent.adapters.person_onnx import NOT_INSTALLED, PersonOnnx, runtime_is_installed
from agent.composition.cameras import Cameras
from agent.composition.parts import Parts
from agent.domain.person import PersonPolicy
from agent.flow.motion_to_person import MotionToPerson
from agent.flow.status_board import StatusBoard
from agent.vision.person import Box, Crop, PersonSeen


def build_person(parts: Parts, board: StatusBoard, cameras: Callable[[], Cameras]) -> MotionToPerson:
    """Make the flow that looks for persons; nothing is loaded before a camera may use it. `cameras` are asked later."""
    settings = parts.settings.person

    async def crop_of(camera_id: str, box: Box) -> Crop | None:
        supervisor = cameras().supervisors.get(camera_id)
        return None if supervisor is None else await supervisor.latest_crop(box)

    def tell(camera_id: str, persons: Sequence[PersonSeen]) -> None:
        recorder = cameras().recorders.get(camera_id)
        if recorder is not None:
            recorder.persons_seen(persons)

    return MotionToPerson(
        detector=PersonOnnx(settings.model, least_score=settings.least_score),
        policy=PersonPolicy(wanted=settings.detect, most_per_s=settings.most_per_s),
        board=board,
        clock=parts.clock,
        crop_of=crop_of,
        tell=tell,
        missing="" if runtime_is_installed() else NOT_INSTALLED,
    )
