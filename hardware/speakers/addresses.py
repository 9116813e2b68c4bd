"""Reads speaker addresses: which kind of speaker an address names, and the speaker itself."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from hardware.speaker import Speaker
from hardware.speakers.alsa import AlsaSpeaker
from hardware.speakers.emulated import EmulatedSpeaker

ALSA, EMULATED = "alsa:", "emulated:"
NETWORK = ("rtsp://", "rtsps://")
WAYS = (
    "a speaker is `alsa:DEVICE` (`aplay -L` lists them), `rtsp://user:password@camera/path` (a network camera with "
    "ONVIF's back channel) or `emulated:/FILE.wav`"
)


def speaker_fault(address: str) -> str:
    """Say what is wrong with an address, or nothing."""
    if address.startswith(ALSA) and address != ALSA:
        return ""
    if address.startswith(EMULATED) and Path(address.removeprefix(EMULATED)).is_absolute():
        return ""
    if address.lower().startswith(NETWORK) and _has_host(address):
        return ""
    return WAYS


def open_speaker(address: str, *, monotonic: Callable[[], float]) -> Speaker:
    """Open a speaker; ValueError for an address that is none, OSError with a sentence when it cannot be opened."""
    fault = speaker_fault(address)
    if fault:
        raise ValueError(fault)
    if address.startswith(ALSA):
        return AlsaSpeaker(address.removeprefix(ALSA))
    if address.startswith(EMULATED):
        return EmulatedSpeaker(Path(address.removeprefix(EMULATED)))
    from hardware.speakers.back_channel import BackChannelSpeaker  # noqa: PLC0415 - FFmpeg is loaded where it is used

    return BackChannelSpeaker(address, monotonic=monotonic)


def _has_host(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
