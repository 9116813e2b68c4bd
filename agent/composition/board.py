"""What `veilleur-agent doctor` says of the board, the pins and person detection, from the settings."""

from collections.abc import Iterator

from agent.adapters.person_onnx import runtime_is_installed
from agent.composition.gpio import gpio_check
from agent.composition.parts import agent_runs
from agent.composition.person import person_check
from agent.flow.doctor import Check
from agent.flow.doctor_board import BoardLoad, board_check
from agent.settings import Settings
from hardware.boards.profiles import this_board
from hardware.camera import CameraRefused
from hardware.cameras.addresses import SourceKind, source_kind

ENCODED_HERE = frozenset({SourceKind.V4L2, SourceKind.PICAMERA})


def extra_checks(settings: Settings) -> Iterator[tuple[str, Check]]:
    """Yield the checks of the board and of what may hang on it."""
    yield board_check(this_board, load_of(settings))
    yield gpio_check(settings.gpio, in_use=agent_runs(settings.module.state_dir))
    yield person_check(settings.person)


def load_of(settings: Settings) -> BoardLoad:
    """Return what the settings ask of a board."""
    gpio = settings.gpio
    pins = () if gpio is None else (gpio.pir_pin, gpio.led_pin, gpio.button_pin)
    return BoardLoad(
        cameras=len(settings.camera),
        local_cameras=sum(_kind(camera.address) in ENCODED_HERE for camera in settings.camera),
        person=settings.person.detect and runtime_is_installed(),
        pins=tuple(pin for pin in pins if pin is not None),
    )


def _kind(address: str) -> SourceKind | None:
    try:
        return source_kind(address)
    except CameraRefused:
        return None  # the camera's own check says what is wrong with it
