"""Clips as files on the USB drive: names, marker, manifest, and the port's implementation."""

from agent.adapters.drive_store_files.marker import BACKUP_BASE, CLIPS_BASE
from agent.adapters.drive_store_files.own_drive import OwnDrive
from agent.adapters.drive_store_files.store import DriveFiles

__all__ = ["BACKUP_BASE", "CLIPS_BASE", "DriveFiles", "OwnDrive"]
