"""USB drives behind the one port of `hardware.drive`."""
