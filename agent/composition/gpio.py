"""The pins of one agent: a motion sensor, a light and a button, as far as the settings name them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from agent.composition.cameras import Cameras
from agent.composition.parts import Parts
from agent.flow.board_to_light import BoardToLight
from agent.flow.button_to_acts import ButtonToActs, Do
from agent.flow.contact import Contact
from agent.flow.fault_to_restart import SideFlow
from agent.flow.pir_to_motion import PirToMotion, Triggered
from agent.flow.status_board import StatusBoard
from agent.ports import Clock
from agent.settings import GpioSettings
from hardware.gpio import Gpio, GpioRefused
from hardware.gpio_zero import GpiozeroPins

OpenPins = Callable[[], Gpio]
log = structlog.get_logger()


def build_gpio(parts: Parts, board: StatusBoard, cameras: Cameras, do: Do) -> Sequence[SideFlow]:
    """Return the flow of the pins, or none where the settings name no pin. `do` carries out a command by name."""
    settings = parts.settings.gpio
    if settings is None:
        return ()
    names = set(settings.pir_cameras)

    def beside() -> list[Triggered]:
        return [
            recorder
            for camera_id, recorder in cameras.recorders.items()
            if not names or board.cameras[camera_id].name in names
        ]

    return (SideFlow("gpio", Pins(settings, parts.clock, board, beside, do).run),)


class Pins:
    """Opens the pins and runs what hangs on them until cancelled; GpioRefused when they cannot be used."""

    def __init__(
        self,
        settings: GpioSettings,
        clock: Clock,
        board: StatusBoard,
        recorders: Callable[[], Sequence[Triggered]],
        do: Do,
        open_pins: OpenPins = GpiozeroPins,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._board = board
        self._recorders = recorders
        self._do = do
        self._open_pins = open_pins

    async def run(self) -> None:
        """Run until cancelled, then let go of every pin."""
        try:
            pins = await asyncio.to_thread(self._open_pins)
        except GpioRefused as error:
            log.error("gpio_refused", because=str(error))  # noqa: TRY400 - the sentence says it all
            raise
        try:
            running = [asyncio.ensure_future(job()) for job in self._jobs(pins)]
            try:
                await asyncio.gather(*running)
            finally:
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)
        except GpioRefused as error:
            log.error("gpio_refused", because=str(error))  # noqa: TRY400 - the sentence says it all
            raise
        finally:
            pins.close()

    def _jobs(self, pins: Gpio) -> Sequence[Callable[[], Awaitable[None]]]:
        settings, jobs = self._settings, list[Callable[[], Awaitable[None]]]()
        if settings.pir_pin is not None:
            contact = self._contact(pins, settings.pir_pin, to_ground=False)
            jobs.append(PirToMotion(contact, self._recorders).run)
        if settings.button_pin is not None:
            contact = self._contact(pins, settings.button_pin, to_ground=True)
            button = ButtonToActs(
                contact=contact, board=self._board, clock=self._clock, do=self._do, hold_s=settings.hold_s
            )
            jobs.append(button.run)
        if settings.led_pin is not None:
            switch = pins.output(settings.led_pin)
            jobs.append(BoardToLight(switch=switch, board=self._board, clock=self._clock).run)
        return jobs

    def _contact(self, pins: Gpio, pin: int, *, to_ground: bool) -> Contact:
        loop, contact = asyncio.get_running_loop(), Contact(self._clock, self._settings.debounce_s)

        def changed(active: bool) -> None:  # noqa: FBT001 - the port's own signature
            if not loop.is_closed():
                loop.call_soon_threadsafe(contact.edge, active)

        if pins.watch(pin, changed, to_ground=to_ground):
            contact.edge(active=True)
        return contact
