"""What goes between owners and their modules' drives, built over the cloud's parts: copies to keep, clips to watch."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from aiohttp import web

from cloud_stub.adapters.staging_files import FileStaging
from cloud_stub.flow.commands_to_modules import CommandsToModules
from cloud_stub.flow.drive_to_owner import DriveToOwner
from cloud_stub.flow.history_to_drive import HistoryToDrive
from cloud_stub.flow.serve_media import ServeMedia
from cloud_stub.ports import Clock
from cloud_stub.settings import StorageSettings
from cloud_stub.web.drive_copy_routes import DriveCopyRoutes
from cloud_stub.web.drive_routes import DriveRoutes
from cloud_stub.web.module_auth import module_from_request


@dataclass(frozen=True, slots=True)
class DriveSide:
    """Await `lent.clear` before the first request, and keep `jobs` running."""

    history: HistoryToDrive
    lent: DriveToOwner

    @property
    def jobs(self) -> tuple[Callable[[], Awaitable[object]], ...]:
        """Return what runs beside requests."""
        return self.history.run, self.lent.run


def build_drive(
    commands: CommandsToModules,
    clock: Clock,
    real: Clock,
    storage: StorageSettings,
    serve: ServeMedia,
    settled: Callable[[], None],
    app: web.Application,
) -> DriveSide:
    """Add the routes to the application, and return what runs behind them."""
    history = HistoryToDrive(
        commands.records, commands, clock, timedelta(hours=storage.erasure_waits_for_drive_h), settled
    )
    DriveCopyRoutes(history, serve, module_from_request(commands.records)).add_to(app)
    return DriveSide(history, lend_drive_clips(commands, real, storage.state_dir, app))


def lend_drive_clips(commands: CommandsToModules, real: Clock, state_dir: Path, app: web.Application) -> DriveToOwner:
    """Add the routes on which a clip of a drive is asked for, sent and watched."""
    staging = FileStaging(state_dir / "drive_loans")
    staging.prepare()
    lent = DriveToOwner(commands.records, commands, staging, real)
    DriveRoutes(lent, module_from_request(commands.records)).add_to(app)
    return lent
