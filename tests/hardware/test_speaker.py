"""The speaker: addresses that are none, a device that is gone, and a file that plays one."""

import os
import wave
from pathlib import Path

import pytest

from hardware.speakers.addresses import open_speaker, speaker_fault
from hardware.speakers.alsa import AlsaSpeaker
from tests.hardware.fake_time import FakeTime

APLAY = '#!/bin/sh\necho "$@" > "$0.arguments"\nexec cat > "$0.heard"\n'


@pytest.mark.parametrize("address", ["", "alsa:", "emulated:said.wav", "pulse:default", "default"])
def test_an_address_that_is_none_is_refused_with_what_is_allowed(address: str) -> None:
    assert "alsa:DEVICE" in speaker_fault(address)
    with pytest.raises(ValueError, match="alsa:DEVICE"):
        open_speaker(address, monotonic=FakeTime().monotonic)


def test_without_aplay_the_package_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="alsa-utils"):
        AlsaSpeaker("default", program="no-such-aplay")


def test_a_device_that_is_gone_raises_and_closes(tmp_path: Path) -> None:
    program = tmp_path / "aplay"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o700)
    speaker = AlsaSpeaker("default", program=str(program))
    speaker._child.wait(10)
    with pytest.raises(BrokenPipeError):
        speaker.play(b"\0\0")
    speaker.close()


def test_sound_reaches_aplay_as_it_is(tmp_path: Path) -> None:
    program = tmp_path / "aplay"
    program.write_text(APLAY)
    program.chmod(0o700)
    speaker = AlsaSpeaker("plughw:1,0; rm -rf x", program=str(program))
    sound = os.urandom(3200)
    speaker.play(sound)
    speaker.close()
    speaker.close()
    assert (tmp_path / "aplay.heard").read_bytes() == sound
    asked = (tmp_path / "aplay.arguments").read_text().strip()
    assert asked == "-q -D plughw:1,0; rm -rf x -t raw -f S16_LE -r 16000 -c 1"


def test_the_emulated_speaker_appends_each_conversation(tmp_path: Path) -> None:
    path = tmp_path / "made" / "said.wav"
    for said in (b"ab", b"cd"):
        speaker = open_speaker(f"emulated:{path}", monotonic=FakeTime().monotonic)
        speaker.play(said)
        speaker.close()
        speaker.close()
    with wave.open(str(path), "rb") as file:
        assert file.readframes(10) == b"abcd"
