"""Live views through the cloud: the owner asks, the module dials in, and what it sends is passed on and never kept."""

import asyncio
import uuid
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from cloud_stub.domain.live_pieces import TALK, LiveQueue
from cloud_stub.errors import CloudError
from cloud_stub.flow.commands_to_modules import CommandsToModules
from cloud_stub.ports import Clock, Records

MOST_VIEWS: Final = 4
"""For each module: what the module itself takes."""
DIAL_WITHIN_S: Final = 20.0
MOST_TO_MODULE: Final = 50
"""About five seconds of sound; more waits only where the module's line is down."""

log = structlog.get_logger()


@dataclass(slots=True)
class LiveRelayView:
    """One view: what waits for the viewer, what waits for the module, and why it ended."""

    view_id: str
    module_id: str
    camera_id: str
    to_viewer: LiveQueue = field(default_factory=LiveQueue)
    wake_viewer: asyncio.Event = field(default_factory=asyncio.Event)
    to_module: deque[str | bytes] = field(default_factory=deque)
    wake_module: asyncio.Event = field(default_factory=asyncio.Event)
    dialled: asyncio.Event = field(default_factory=asyncio.Event)
    ended: str = ""

    def from_module(self, message: str | bytes) -> None:
        """Take what the module sends; a slow viewer never holds the module up."""
        self.to_viewer.put(message)
        self.wake_viewer.set()

    def from_viewer(self, message: str | bytes) -> None:
        """Take an answer or sound; other bytes, and what no module takes in time, are dropped."""
        if isinstance(message, bytes) and message[:1] != bytes((TALK,)):
            return
        if len(self.to_module) < MOST_TO_MODULE:
            self.to_module.append(message)
            self.wake_module.set()

    def end(self, why: str) -> None:
        """End the view; the first reason is the one that counts."""
        self.ended = self.ended or why
        self.wake_viewer.set()
        self.wake_module.set()
        self.dialled.set()


class LiveRelay:
    """The views of now. `clock` is real time: a lab's clock never holds a live picture up."""

    def __init__(self, records: Records, commands: CommandsToModules, clock: Clock) -> None:
        self._records = records
        self._commands = commands
        self._clock = clock
        self._views: dict[str, LiveRelayView] = {}

    @property
    def views(self) -> int:
        """Return how many views there are."""
        return len(self._views)

    async def open(self, account_id: str, camera_id: str, *, extended: bool, save: bool) -> LiveRelayView:
        """Have the camera's module begin a view, and wait until it is here; `close` must follow.

        CloudError 404 `camera_unknown`, 409 `too_many_views` or `live_view_refused`, those of a command, and 504
        `module_silent` when the module does not dial.
        """
        async with self._records.reading() as records:
            cameras = await records.modules.cameras_of_account(account_id)
        module_id = next((each.module_id for each in cameras if each.camera_id == camera_id), None)
        if module_id is None:
            raise CloudError("camera_unknown", 404, "There is no such camera.")
        if sum(each.module_id == module_id for each in self._views.values()) >= MOST_VIEWS:
            raise CloudError("too_many_views", 409, f"{MOST_VIEWS} live views of this module are open: close one.")
        view = LiveRelayView(str(uuid.uuid4()), module_id, camera_id)
        self._views[view.view_id] = view
        try:
            await self._begin(view, account_id, extended=extended, save=save)
        except BaseException:
            self.close(view)
            raise
        return view

    async def _begin(self, view: LiveRelayView, account_id: str, *, extended: bool, save: bool) -> None:
        wish = {"camera_id": view.camera_id, "view_id": view.view_id, "extended": extended, "save": save}
        did = await self._commands.for_owner(account_id, view.module_id, "live_view", wish)
        if not did.ok:
            raise CloudError("live_view_refused", 409, did.message or "The module cannot show this camera now.")
        patience = asyncio.ensure_future(self._clock.sleep(DIAL_WITHIN_S))
        dialled = asyncio.ensure_future(view.dialled.wait())
        try:
            await asyncio.wait({patience, dialled}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            patience.cancel()
            dialled.cancel()
        if not view.dialled.is_set():
            raise CloudError("module_silent", 504, "The module did not send its picture in time: try again.")

    def dial(self, module_id: str, view_id: str) -> LiveRelayView:
        """Return the view that a module brings, once; CloudError 404 `view_unknown`."""
        view = self._views.get(view_id)
        if view is None or view.module_id != module_id or view.dialled.is_set():
            raise CloudError("view_unknown", 404, "Nobody waits for this live view.")
        view.dialled.set()
        return view

    def close(self, view: LiveRelayView) -> None:
        """Forget a view whose viewer is gone."""
        view.end("left")
        with suppress(KeyError):
            del self._views[view.view_id]
        log.info("live_view_closed", view_id=view.view_id, because=view.ended)

    async def stands(self, view: LiveRelayView) -> bool:
        """Say whether the view's module still belongs to an account; a removed one's view ends at once."""
        async with self._records.reading() as records:
            module = await records.modules.get(view.module_id)
        return module is not None and module.revoked_at is None

    async def pause(self, seconds: float) -> None:
        """Wait real seconds."""
        await self._clock.sleep(seconds)
