"""Speakers behind the one port of `hardware.speaker`."""
