"""The pins keep their port's contract: on gpiozero's emulated board, and on real pins where there are some."""

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hardware import gpio_zero
from hardware.gpio import Gpio, GpioRefused
from hardware.gpio_zero import GpiozeroPins, mock_factory

PIR, LED, BUTTON = 17, 27, 22
needs_gpiozero = pytest.mark.skipif(importlib.util.find_spec("gpiozero") is None, reason="needs: make gpio")


@pytest.fixture
def board() -> Iterator[Any]:
    factory = mock_factory()
    yield factory
    factory.reset()


@pytest.fixture(params=["emulated", "real"])
def make_pins(request: pytest.FixtureRequest, board: Any) -> Callable[[], Gpio]:  # noqa: ANN401 - gpiozero ships no types
    if request.param == "emulated":
        return lambda: GpiozeroPins(board)
    if not Path("/dev/gpiochip0").exists():
        pytest.skip("this machine has no pins")
    return GpiozeroPins


def test_without_gpiozero_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpio_zero, "LIBRARY", "no_such_library")
    for use in (GpiozeroPins, mock_factory):
        with pytest.raises(GpioRefused, match="not installed: run `make gpio`"):
            use()


@needs_gpiozero
@pytest.mark.skipif(Path("/dev/gpiochip0").exists(), reason="this machine has pins")
@pytest.mark.filterwarnings("ignore::gpiozero.exc.PinFactoryFallback")
def test_a_machine_without_pins_is_refused_with_a_sentence() -> None:
    pins = GpiozeroPins()
    with pytest.raises(GpioRefused, match="no pins that can be reached"):
        pins.output(LED)
    pins.close()


@needs_gpiozero
def test_one_pin_does_one_thing(make_pins: Callable[[], Gpio]) -> None:
    pins = make_pins()
    pins.output(LED)
    with pytest.raises(GpioRefused, match=f"GPIO {LED} is already in use"):
        pins.watch(LED, lambda _active: None, to_ground=True)
    pins.close()


@needs_gpiozero
def test_closed_pins_can_be_taken_again_and_closing_twice_is_harmless(make_pins: Callable[[], Gpio]) -> None:
    for _ in range(2):
        pins = make_pins()
        pins.output(LED)
        pins.watch(PIR, lambda _active: None, to_ground=False)
        pins.close()
        pins.close()


@needs_gpiozero
def test_an_output_starts_low_is_switched_and_is_let_go_of(board: Any) -> None:  # noqa: ANN401 - gpiozero ships no types
    pins = GpiozeroPins(board)
    switch = pins.output(LED)
    pin = board.pin(LED)
    levels = [pin.state]
    for on in (True, False, True):
        switch(on)
        levels.append(pin.state)
    pins.close()
    assert levels == [False, True, False, True]
    assert pin.function == "input"


@needs_gpiozero
@pytest.mark.parametrize("to_ground", [True, False])
def test_an_input_tells_its_level_and_every_change(board: Any, to_ground: bool) -> None:  # noqa: ANN401 - gpiozero ships no types
    pins, told = GpiozeroPins(board), list[bool]()
    assert pins.watch(BUTTON, told.append, to_ground=to_ground) is False, "its pull keeps it quiet"
    pin = board.pin(BUTTON)
    press, release = (pin.drive_low, pin.drive_high) if to_ground else (pin.drive_high, pin.drive_low)
    press()
    release()
    press()
    assert told == [True, False, True]
    pins.close()
    release()
    assert told == [True, False, True], "nothing after the end"
