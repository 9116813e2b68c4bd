"""What `veilleur-agent doctor` says of the board, the pins and person detection, from the settings."""

import asyncio
from collections.abc import Callable, Iterator, Sequence

from agent.adapters.person_onnx import PersonOnnx, runtime_is_installed
from agent.composition.parts import agent_runs
from agent.errors import AgentError, Refused
from agent.flow.doctor import Check, DoctorFinding, Level
from agent.flow.doctor_board import BoardLoad, board_check
from agent.settings import GpioSettings, PersonSettings, Settings
from hardware.boards.profiles import this_board
from hardware.camera import CameraRefused
from hardware.cameras.addresses import SourceKind, source_kind
from hardware.gpio import Gpio, GpioRefused
from hardware.gpio_zero import GpiozeroPins

OpenPins = Callable[[], Gpio]
ENCODED_HERE = frozenset({SourceKind.V4L2, SourceKind.PICAMERA})


def extra_checks(settings: Settings) -> Iterator[tuple[str, Check]]:
    """Yield the checks of the board and of what may hang on it."""
    yield board_check(this_board, load_of(settings))
    yield gpio_check(settings.gpio, in_use=agent_runs(settings.module.state_dir))
    yield person_check(settings.person)


def gpio_check(settings: GpioSettings | None, *, in_use: bool, open_pins: OpenPins = GpiozeroPins) -> tuple[str, Check]:
    """Open the pins once, for `veilleur-agent doctor`; not while the running agent has them (`in_use`)."""

    def open_all(wanted: GpioSettings) -> None:
        pins = open_pins()
        try:
            for pin, to_ground in ((wanted.pir_pin, False), (wanted.button_pin, True)):
                if pin is not None:
                    pins.watch(pin, lambda _active: None, to_ground=to_ground)
            if wanted.led_pin is not None:
                pins.output(wanted.led_pin)
        finally:
            pins.close()

    async def look() -> Sequence[DoctorFinding]:
        if settings is None:
            return [DoctorFinding("gpio", Level.OK, "No pin is configured.")]
        if in_use:
            return [DoctorFinding("gpio", Level.OK, "The running agent has the pins.")]
        try:
            await asyncio.to_thread(open_all, settings)
        except GpioRefused as error:
            return [DoctorFinding("gpio", Level.FAIL, str(error))]
        return [DoctorFinding("gpio", Level.OK, "The pins can be used.")]

    return "gpio", look


def person_check(settings: PersonSettings) -> tuple[str, Check]:
    """Load the model once, for `veilleur-agent doctor`."""
    check = "person detection"

    async def look() -> Sequence[DoctorFinding]:
        if not settings.detect:
            return [DoctorFinding(check, Level.OK, "Switched off in the configuration.")]
        try:
            await PersonOnnx(settings.model).load()
        except Refused as error:
            to_do = "Needed only where the plan has person detection for a camera."
            return [DoctorFinding(check, Level.WARN, str(error), to_do)]
        except AgentError as error:
            return [DoctorFinding(check, Level.FAIL, str(error))]
        return [DoctorFinding(check, Level.OK, "Its model can be loaded.")]

    return check, look


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
