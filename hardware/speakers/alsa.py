"""A speaker that the system knows: sound goes to a child process of ALSA's `aplay`."""

import shutil
import subprocess
from typing import Final

from hardware.speaker import SAMPLES_PER_S

PLAYS_OUT_S: Final = 3.0
"""How long `close` lets a speaker finish: its own buffer holds up to two seconds."""


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
