"""A speaker: what is said to people near a camera goes through ALSA's `aplay`, or into a WAV file that plays one."""

import shutil
import subprocess
import wave
from pathlib import Path
from typing import Final, Protocol

SAMPLES_PER_S: Final = 16_000
SAMPLE_BYTES: Final = 2
PLAYS_OUT_S: Final = 3.0
"""How long `close` lets a speaker finish: its own buffer holds up to two seconds."""
ALSA, EMULATED = "alsa:", "emulated:"


class Speaker(Protocol):
    """16-bit little-endian PCM, 16,000 samples a second, one channel. All calls may block; OSError when it is gone."""

    def play(self, pcm: bytes) -> None:
        """Play what follows."""

    def close(self) -> None:
        """Let the speaker go. Idempotent."""


class AlsaSpeaker:
    """A child process `aplay` on one ALSA device (`aplay -L` lists them); Debian's package alsa-utils has it."""

    def __init__(self, device: str, program: str = "aplay") -> None:
        found = shutil.which(program)
        if found is None:
            raise FileNotFoundError("aplay is not installed: apt-get install alsa-utils")
        command = [found, "-q", "-D", device, "-t", "raw", "-f", "S16_LE", "-r", str(SAMPLES_PER_S), "-c", "1"]
        self._child = subprocess.Popen(  # noqa: S603 - the device's name is one argument, of the technician's file
            command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def play(self, pcm: bytes) -> None:
        """Hand the sound on; blocks while more than two seconds wait."""
        if self._child.stdin is None or self._child.poll() is not None:
            raise BrokenPipeError("aplay has ended: see `aplay -L` for the devices that there are")
        self._child.stdin.write(pcm)
        self._child.stdin.flush()

    def close(self) -> None:
        """Let what is left play out, then end the child."""
        try:
            if self._child.stdin is not None:
                self._child.stdin.close()
        except OSError:
            pass  # a child that has gone took its pipe with it
        try:
            self._child.wait(PLAYS_OUT_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


class EmulatedSpeaker:
    """A WAV file to which every conversation is appended; whole after each `close`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._said = bytearray()
        self._closed = False

    def play(self, pcm: bytes) -> None:
        """Keep the sound."""
        self._said += pcm

    def close(self) -> None:
        """Write the file."""
        if self._closed:
            return
        self._closed = True
        before = b""
        if self._path.exists():
            with wave.open(str(self._path), "rb") as file:
                before = file.readframes(file.getnframes())
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(self._path), "wb") as file:
            file.setparams((1, SAMPLE_BYTES, SAMPLES_PER_S, 0, "NONE", "not compressed"))
            file.writeframes(before + bytes(self._said))


def speaker_fault(address: str) -> str:
    """Say what is wrong with an address, or nothing."""
    if address.startswith(ALSA) and address != ALSA:
        return ""
    if address.startswith(EMULATED) and Path(address.removeprefix(EMULATED)).is_absolute():
        return ""
    return "a speaker is `alsa:DEVICE` (`aplay -L` lists them) or `emulated:/FILE.wav`"


def open_speaker(address: str) -> Speaker:
    """Open a speaker; ValueError for an address that is none, OSError when it cannot be opened."""
    fault = speaker_fault(address)
    if fault:
        raise ValueError(fault)
    if address.startswith(ALSA):
        return AlsaSpeaker(address.removeprefix(ALSA))
    return EmulatedSpeaker(Path(address.removeprefix(EMULATED)))
