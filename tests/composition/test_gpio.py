"""The pins of an agent on gpiozero's emulated board: what bounces, what cannot be used, then sensor, light, button."""

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from agent.composition.board import gpio_check
from agent.composition.gpio import Pins
from agent.domain.light import PATTERNS, LightState, light_state
from agent.domain.trigger import Trigger
from agent.flow.commands import Outcome
from agent.flow.doctor import Level
from agent.flow.status_board import CameraBoard, CameraHealth, FlowFault, StatusBoard
from agent.settings import GpioSettings
from hardware.drive import DriveReport, DriveState
from hardware.gpio import Gpio, GpioRefused
from hardware.gpio_zero import GpiozeroPins, mock_factory
from tests.manual_clock import ManualClock

pytestmark = pytest.mark.skipif(importlib.util.find_spec("gpiozero") is None, reason="needs: make gpio")
SETTINGS = GpioSettings(pir_pin=17, led_pin=27, button_pin=22, debounce_s=0.05, hold_s=3.0)


class Recorder:
    def __init__(self) -> None:
        self.told: list[tuple[Trigger, bool]] = []

    def trigger(self, trigger: Trigger, *, active: bool = True) -> None:
        self.told.append((trigger, active))


class Bench:
    """A module with a sensor, a light and a button on an emulated board."""

    def __init__(self) -> None:
        self.clock, self.board, self.factory = ManualClock(), StatusBoard(), mock_factory()
        self.board.link.connected = True
        self.recorders = [Recorder()]
        self.done: list[tuple[str, Mapping[str, object]]] = []
        self.pins = Pins(
            SETTINGS, self.clock, self.board, lambda: self.recorders, self.do, lambda: GpiozeroPins(self.factory)
        )

    async def do(self, name: str, arguments: Mapping[str, object]) -> Outcome:
        self.done.append((name, dict(arguments)))
        if name == "arm":
            self.board.armed = bool(arguments["armed"])
        return Outcome("no_drive" if name == "eject_drive" else "done", "", {})

    def pin(self, number: int) -> Any:  # noqa: ANN401 - gpiozero ships no types
        return self.factory.pin(number)

    async def press(self, seconds: float, *, bounces: int = 5) -> None:
        pin = self.pin(22)
        for _ in range(bounces):
            await self.level(pin.drive_low, 0.004)
            await self.level(pin.drive_high, 0.004)
        await self.level(pin.drive_low, seconds)
        for _ in range(bounces):
            await self.level(pin.drive_high, 0.004)
            await self.level(pin.drive_low, 0.004)
        await self.level(pin.drive_high, 0.5)

    async def level(self, drive: Callable[[], None], seconds: float) -> None:
        drive()
        await self.clock.settle()
        await self.clock.advance(seconds)

    async def light(self, seconds: float) -> list[bool]:
        """Sample the light every 50 ms."""
        seen = []
        for _ in range(round(seconds / 0.05)):
            seen.append(self.pin(27).state)
            await self.clock.advance(0.05)
        return seen


@asynccontextmanager
async def running(bench: Bench) -> AsyncIterator[Bench]:
    task = asyncio.ensure_future(bench.pins.run())
    while not bench.factory.pins or bench.pin(27).function != "output":
        await asyncio.sleep(0)  # noqa: TID251 - the pins are opened in a thread
        assert not task.done()
    await bench.clock.settle()
    try:
        yield bench
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        bench.factory.reset()


async def test_pins_that_cannot_be_used_end_the_flow_with_a_sentence_and_are_all_let_go_of() -> None:
    bench = Bench()
    held = GpiozeroPins(bench.factory)
    held.output(27)
    with pytest.raises(GpioRefused, match="GPIO 27 is already in use"):
        await bench.pins.run()
    held.close()
    async with running(bench):
        pass  # the sensor's and the button's pins were free again


async def test_what_bounces_or_is_shorter_than_the_debounce_time_is_no_press() -> None:
    async with running(Bench()) as bench:
        for _ in range(50):
            await bench.level(bench.pin(22).drive_low, 0.01)
            await bench.level(bench.pin(22).drive_high, 0.01)
        await bench.clock.advance(1.0)
        assert bench.done == []


async def test_a_short_press_arms_or_disarms() -> None:
    async with running(Bench()) as bench:
        await bench.press(0.3)
        await bench.press(0.3)
        assert bench.done == [("arm", {"armed": False}), ("arm", {"armed": True})]


async def test_a_long_press_ejects_while_it_is_still_held_and_disarms_nothing() -> None:
    async with running(Bench()) as bench:
        await bench.level(bench.pin(22).drive_low, 3.2)
        assert bench.done == [("eject_drive", {})]
        await bench.level(bench.pin(22).drive_high, 1.0)
        await bench.press(0.3)
        assert bench.done == [("eject_drive", {}), ("arm", {"armed": False})]


async def test_a_sensor_triggers_its_cameras_and_a_camera_that_came_later_too() -> None:
    bench = Bench()
    async with running(bench):
        await bench.level(bench.pin(17).drive_high, 2.0)
        bench.recorders.append(Recorder())
        await bench.level(bench.pin(17).drive_low, 1.0)
        await bench.level(bench.pin(17).drive_high, 1.0)
    on, off = (Trigger.PIR, True), (Trigger.PIR, False)
    assert [recorder.told for recorder in bench.recorders] == [[on, off, on, off], [off, on, off]]


async def test_the_light_shows_what_matters_most_and_is_off_in_the_end() -> None:
    bench = Bench()
    camera = bench.board.cameras["c"] = CameraBoard("c", "Door", "m", "rtsp", health=CameraHealth.OK)
    async with running(bench):
        assert 1 <= sum(await bench.light(2.0)) <= 4, "armed: a short flash"
        bench.board.armed = False
        await bench.clock.advance(2.0)
        assert sum(await bench.light(2.0)) == 0
        camera.phase = "recording"
        await bench.clock.advance(2.0)
        assert all(await bench.light(2.0))
        bench.board.faults["uploads"] = FlowFault(1, 0.0, "OSError")
        await bench.clock.advance(2.0)
        assert 12 <= sum(await bench.light(2.0)) <= 28, "a fault flickers"
        assert bench.pin(27).function == "output"
    assert bench.pin(27).state is False


@pytest.mark.parametrize(
    ("state", "faulty", "ejected", "recording", "connected", "armed"),
    [
        (LightState.FAULT, True, True, True, False, True),
        (LightState.EJECTED, False, True, True, False, True),
        (LightState.RECORDING, False, False, True, False, True),
        (LightState.OFFLINE, False, False, False, False, True),
        (LightState.ARMED, False, False, False, True, True),
        (LightState.DISARMED, False, False, False, True, False),
    ],
)
def test_the_most_urgent_state_wins(
    state: LightState, faulty: bool, ejected: bool, recording: bool, connected: bool, armed: bool
) -> None:
    found = light_state(faulty=faulty, ejected=ejected, recording=recording, connected=connected, armed=armed)
    assert found is state


def test_every_state_has_a_pattern_of_its_own_that_a_change_waits_for_two_seconds_at_most() -> None:
    assert set(PATTERNS) == set(LightState)
    assert len(set(PATTERNS.values())) == len(PATTERNS)
    assert all(sum(seconds for _, seconds in pattern) <= 2.0001 for pattern in PATTERNS.values())


async def test_an_ejected_drive_shows() -> None:
    bench = Bench()
    bench.board.drive = DriveReport(DriveState.EJECTED, "")
    async with running(bench):
        assert sum(await bench.light(2.0)) >= 34


async def test_the_doctor_opens_the_pins_and_lets_them_go() -> None:
    factory = mock_factory()

    async def level(*, in_use: bool = False, settings: GpioSettings | None = SETTINGS) -> Level:
        def opened() -> Gpio:
            return GpiozeroPins(factory)

        (finding,) = await gpio_check(settings, in_use=in_use, open_pins=opened)[1]()
        return finding.level

    assert await level() is Level.OK
    held = GpiozeroPins(factory)
    held.output(22)
    assert await level() is Level.FAIL
    assert await level(in_use=True) is Level.OK
    assert await level(settings=None) is Level.OK
    held.close()
    assert await level() is Level.OK
    factory.reset()
