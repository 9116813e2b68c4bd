"""The pins through gpiozero, imported only when pins are configured; its mock factory is the emulated twin."""

import importlib
import importlib.util
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from hardware.gpio import GpioRefused

LIBRARY: Final = "gpiozero"
NOT_INSTALLED: Final = "GPIO is not installed: run `make gpio` (or `pip install 'veilleur[gpio]'`)."


def gpio_is_installed() -> bool:
    """Say whether gpiozero can be imported, without importing it."""
    return importlib.util.find_spec(LIBRARY) is not None


def mock_factory() -> Any:  # noqa: ANN401 - gpiozero ships no types
    """Return gpiozero's emulated board; raises GpioRefused where gpiozero is not installed."""
    if not gpio_is_installed():
        raise GpioRefused(NOT_INSTALLED)
    return importlib.import_module(f"{LIBRARY}.pins.mock").MockFactory()


class GpiozeroPins:
    """The pins of this board, or of a given pin factory (`mock_factory()`), which stays its maker's to close."""

    def __init__(self, factory: Any = None) -> None:  # noqa: ANN401 - gpiozero ships no types
        if not gpio_is_installed():
            raise GpioRefused(NOT_INSTALLED)
        self._library = importlib.import_module(LIBRARY)
        self._factory = factory
        self._devices: list[Any] = []

    def watch(self, pin: int, changed: Callable[[bool], None], *, to_ground: bool) -> bool:
        """Follow an input (hardware.gpio.Gpio)."""
        device = self._open("DigitalInputDevice", pin, pull_up=to_ground)
        device.when_activated = lambda: changed(True)  # noqa: FBT003 - the level is the whole message
        device.when_deactivated = lambda: changed(False)  # noqa: FBT003 - the level is the whole message
        return bool(device.value)

    def output(self, pin: int) -> Callable[[bool], None]:
        """Take an output (hardware.gpio.Gpio)."""
        device = self._open("DigitalOutputDevice", pin, initial_value=False)

        def switch(on: bool) -> None:  # noqa: FBT001 - the level is the whole message
            device.value = on

        return switch

    def close(self) -> None:
        """Let go of all pins (hardware.gpio.Gpio)."""
        while self._devices:
            device = self._devices.pop()
            with suppress(Exception):  # a board that takes its pins away has nothing left to switch off
                device.close()

    def _open(self, kind: str, pin: int, **options: object) -> Any:  # noqa: ANN401 - gpiozero ships no types
        try:
            device = getattr(self._library, kind)(pin, pin_factory=self._factory, **options)
        except self._library.GPIOPinInUse:
            raise GpioRefused(f"GPIO {pin} is already in use: give each thing its own pin.") from None
        except self._library.BadPinFactory as error:
            raise GpioRefused(
                "This board has no pins that can be reached: run on a Raspberry Pi, install lgpio, and add the agent's "
                "user to the group gpio."
            ) from error
        except PermissionError as error:
            raise GpioRefused("The pins may not be opened: add the agent's user to the group gpio.") from error
        except (self._library.GPIOZeroError, OSError, ValueError) as error:
            raise GpioRefused(f"GPIO {pin} cannot be used: {error}") from error
        self._devices.append(device)
        return device
