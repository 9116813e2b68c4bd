"""Clips as files on the USB drive: names, manifest, and the port's implementation."""

from agent.adapters.drive_store_files.store import DriveFiles

__all__ = ["DriveFiles"]
