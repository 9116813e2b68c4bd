"""Footage of every kind that troubles a motion detector, drawn from seeds, and what a detector makes of it."""
