"""Camera sources behind the one port of `hardware.camera`."""
