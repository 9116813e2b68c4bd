"""The device: cameras in, clips out, and a reason for where each clip goes."""

VERSION = "0.1.0"
"""As pyproject.toml says it (a test compares them): reading it from the installed package costs 1 MB of modules."""
