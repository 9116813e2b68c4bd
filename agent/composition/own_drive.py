"""The module's drive from its settings, and which drive its owner adopted instead of the one written there."""

from dataclasses import dataclass
from typing import Final

from agent.adapters.drive_store_files import OwnDrive
from agent.adapters.module_state_files import ModuleStateFiles
from agent.settings import DriveSettings
from hardware.drive import Drive
from hardware.drives.capacity import DriveLimits
from hardware.drives.emulated import FIRST_UUID, EmulatedDrive
from hardware.drives.mounted import MountedDrive

KEPT_NAME: Final = "drive"


@dataclass(frozen=True, slots=True)
class KeptDrive:
    """The drive, and where an adoption is kept. `configured` is the UUID in the settings that it stands in for."""

    own: OwnDrive
    settings: DriveSettings
    configured: str
    state: ModuleStateFiles

    async def keep_adopted(self, uuid: str) -> None:
        """Remember that the owner put this drive in the place of the configured one; raises OSError."""
        await self.state.save_kept(KEPT_NAME, {"configured": self.configured, "adopted": uuid})


async def own_drive(settings: DriveSettings | None, state: ModuleStateFiles, module_id: str) -> KeptDrive | None:
    """Return the module's drive, the adopted one if there is one; `None` without a drive in the configuration.

    `module_id` is the id that stands in the markers: that of the account's first claim, so that a module that was
    claimed again knows its own drive. A configuration that names another UUID than at the adoption ends the adoption.
    """
    drive = drive_of(settings)
    if settings is None or drive is None:
        return None
    configured = settings.uuid or FIRST_UUID
    kept = await state.load_kept(KEPT_NAME)
    if isinstance(kept, dict) and kept.get("configured") == configured and isinstance(kept.get("adopted"), str):
        drive.take(kept["adopted"])
    own = OwnDrive(drive, module_id, overwrites=overwrites(settings))
    return KeptDrive(own, settings, configured, state)


def overwrites(settings: DriveSettings) -> bool:
    """Say whether the oldest clips on a full drive make room."""
    return settings.when_full == "overwrite_oldest"


def drive_of(settings: DriveSettings | None) -> Drive | None:
    """Return the drive that the settings name."""
    if settings is None:
        return None
    if settings.uuid is not None:
        limits = DriveLimits(reserve_bytes=settings.reserve_bytes)
        return MountedDrive(settings.uuid, limits=limits, place=settings.mounted_at)
    if settings.emulated is None:
        return None
    return EmulatedDrive(settings.emulated, limit_bytes=settings.limit_bytes, reserve_bytes=settings.reserve_bytes)
