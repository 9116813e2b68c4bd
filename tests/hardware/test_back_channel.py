"""A network camera's own speaker: what is said arrives over a real RTSP server, and every refusal has its sentence."""

import math
import socket
import struct
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Thread

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.speaker import SAMPLE_BYTES, SAMPLES_PER_S, Speaker
from hardware.speakers.addresses import open_speaker
from hardware.speakers.back_channel import BackTrack, back_track
from hardware.speakers.rtsp_conversation import read_head
from hardware.speakers.rtsp_login import RtspLogin
from tests.hardware.fake_time import FakeTime
from tests.rtsp.server import rtsp_server, rtsp_server_is_installed
from tests.waiting import POLL_S, wait_until

needs_server = pytest.mark.skipif(not rtsp_server_is_installed(), reason="needs gst-rtsp-server: make packages")
TONE_HZ = 440
CHUNK_SAMPLES = 1600
AUDIBLE = 300
SDP = """v=0
o=- 0 0 IN IP4 0.0.0.0
s=Session
m=video 0 RTP/AVP 96
a=rtpmap:96 H264/90000
a=recvonly
a=control:track0
m=audio 0 RTP/AVP 0
a=recvonly
a=control:track1
m=audio 0 RTP/AVP 97 8
a=rtpmap:97 MPEG4-GENERIC/16000
a=sendonly
a=control:track2
"""


def tone(seconds: float) -> Iterator[bytes]:
    """Yield a tone in messages of 100 ms, as a page sends it."""
    for first in range(0, round(seconds * SAMPLES_PER_S), CHUNK_SAMPLES):
        numbers = range(first, first + CHUNK_SAMPLES)
        yield struct.pack(
            f"<{CHUNK_SAMPLES}h", *(int(8000 * math.sin(2 * math.pi * TONE_HZ * n / SAMPLES_PER_S)) for n in numbers)
        )


def decoded(mulaw: bytes) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    decoder = av.CodecContext.create("pcm_mulaw", "r")
    decoder.sample_rate, decoder.layout = 8000, "mono"
    frames = decoder.decode(av.Packet(mulaw))
    return np.concatenate([frame.to_ndarray().ravel() for frame in frames])


def _listens(speaker: Speaker, heard: Path) -> bool:
    """Say nothing to a camera for as long as a look takes; what comes before it has begun to play is dropped by it."""
    speaker.play(bytes(round(POLL_S * SAMPLES_PER_S) * SAMPLE_BYTES))
    return heard.exists() and heard.stat().st_size > 0


def _holds(file: Path, least_bytes: int) -> bool:
    return file.stat().st_size >= least_bytes


@needs_server
@pytest.mark.parametrize(("user", "password"), [("", ""), ("viewer", "open sesame")])
def test_what_is_said_arrives_at_a_real_camera_whole(
    scene_file: Path, tmp_path: Path, user: str, password: str
) -> None:
    heard = tmp_path / "heard.ulaw"
    now = FakeTime()
    with rtsp_server(scene_file, back_channel=heard, user=user, password=password) as server:
        speaker = open_speaker(server.url.replace(" ", "%20"), monotonic=now.monotonic)
        try:
            wait_until(partial(_listens, speaker, heard), 20.0, "the camera plays what it gets")
            before_bytes = heard.stat().st_size
            for message, pcm in enumerate(tone(2.0)):
                speaker.play(pcm)
                now.now_s += 0.1
                played_bytes = (
                    before_bytes + (message - 4) * 800
                )  # a camera that gets more than it buffers may drop some
                wait_until(partial(_holds, heard, played_bytes), 20.0, f"the camera has played {played_bytes} bytes")
            wait_until(partial(_holds, heard, before_bytes + 15_800), 20.0, "the camera has played most of it")
        finally:
            speaker.close()
            speaker.close()
        sound = decoded(heard.read_bytes())
    loud = np.flatnonzero(np.abs(sound) > AUDIBLE)
    said = sound[loud[0] : loud[-1] + 1]
    assert abs(len(said) - 16_000) <= 40, "two seconds of 8,000 samples, but for the resampler's last milliseconds"
    loudest_hz = np.argmax(np.abs(np.fft.rfft(said))) * 8000 / len(said)
    assert abs(loudest_hz - TONE_HZ) <= 1
    assert np.abs(said).max() == pytest.approx(8000, rel=0.1)


@needs_server
def test_a_camera_without_a_back_channel_or_with_another_password_says_so(scene_file: Path, tmp_path: Path) -> None:
    with rtsp_server(scene_file) as server, pytest.raises(OSError, match="no way to speak to it"):
        open_speaker(server.url, monotonic=time.monotonic)  # noqa: TID251 - the peer is real
    with rtsp_server(scene_file, user="viewer", password="right", back_channel=tmp_path / "heard") as server:
        address = server.url.replace("right", "sesame")
        with pytest.raises(PermissionError, match="refused the user name or password") as caught:
            open_speaker(address, monotonic=time.monotonic)  # noqa: TID251 - as above
    assert "sesame" not in "".join(traceback.format_exception(caught.value))


@needs_server
def test_a_camera_that_dies_while_it_is_spoken_to_raises_and_closes(scene_file: Path, tmp_path: Path) -> None:
    with rtsp_server(scene_file, back_channel=tmp_path / "heard") as server:
        speaker = open_speaker(server.url, monotonic=FakeTime().monotonic)
        speaker.play(next(tone(0.1)))
        server.kill()
        with pytest.raises(OSError, match="The camera at"):
            list(map(speaker.play, tone(60.0)))
        speaker.close()


@contextmanager
def peer(answer: Callable[[bytes], bytes | None]) -> Iterator[tuple[str, list[bytes]]]:
    """Run a peer that answers each thing it reads; yield its address and what it read."""
    read: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            line, _ = door.accept()
            with line:
                while data := line.recv(65_536):
                    read.append(data)
                    said = answer(data)
                    if said == b"":
                        return
                    line.sendall(said or b"")

        thread = Thread(target=serve)
        thread.start()
        yield f"rtsp://127.0.0.1:{door.getsockname()[1]}/live", read
        thread.join(10)
        assert not thread.is_alive()


def sequence(request: bytes) -> str:
    head = request.decode("latin-1").split("CSeq: ")
    return head[1].split("\r\n")[0] if len(head) > 1 else "0"


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        ("does not answer as an RTSP camera", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        ("does not answer as an RTSP camera", b"\x00" * 100_000),
        ("does not answer as an RTSP camera", b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 99999999\r\n\r\n"),
        ("does not answer as an RTSP camera", b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: -5\r\n\r\n"),
        ("ended the connection", b""),
        ("no way to speak to it", b"RTSP/1.0 551 Option not supported\r\nCSeq: 1\r\n\r\n"),
        ("told nothing of its sound", b"RTSP/1.0 404 Not Found\r\nCSeq: 1\r\n\r\n"),
        ("no way to speak to it", b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"),
        ("no way to speak to it", b"$\x00\x00\x03abcRTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 0\r\n\r\n"),
    ],
)
def test_a_peer_that_is_no_camera_is_told_from_one_that_cannot_be_spoken_to(says: str, answer: bytes) -> None:
    with peer(lambda _request: answer) as (address, _), pytest.raises(OSError, match=says):
        open_speaker(address, monotonic=FakeTime().monotonic)


def test_a_camera_where_nobody_listens_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    with pytest.raises(OSError, match=f"The camera at 127.0.0.1:{port} cannot be reached"):
        open_speaker(f"rtsp://user:sesame@127.0.0.1:{port}/live", monotonic=FakeTime().monotonic)


def test_packets_are_numbered_stamped_and_marked_after_silence_and_the_session_is_kept() -> None:
    """RFC 3550 §5.1: time goes on while nobody speaks; a session is called every 25 s."""

    def answer(request: bytes) -> bytes | None:
        if b"CSeq: " not in request:
            return None
        body = SDP if request.startswith(b"DESCRIBE") else ""
        head = f"RTSP/1.0 200 OK\r\nCSeq: {sequence(request)}\r\nSession: abc;timeout=60\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()

    now = FakeTime()
    with peer(answer) as (address, read):
        speaker = open_speaker(address, monotonic=now.monotonic)
        for pcm in tone(0.2):
            speaker.play(pcm)
            now.now_s += 0.1
        now.now_s += 30.0
        for pcm in tone(0.2):
            speaker.play(pcm)
            now.now_s += 0.1
        speaker.close()
    said = b"".join(read)
    setup = said[said.index(b"SETUP") :].split(b"\r\n")
    assert setup[0].endswith(b"/live/track2 RTSP/1.0")
    assert b"Require: www.onvif.org/ver20/backchannel" in setup
    packets = list(rtp_packets(said))
    assert [packet[2] for packet in packets] == list(range(len(packets))), "numbered without a gap"
    assert {packet[1] & 0x7F for packet in packets} == {8}, "G.711 A-law, which the camera offered"
    marked = [packet[3] for packet in packets if packet[1] & 0x80]
    assert len(marked) == 2
    assert abs(marked[1] - marked[0] - 30.2 * 8000) < 0.1 * 8000
    assert b"OPTIONS" in said
    assert b"TEARDOWN" in said


def rtp_packets(said: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield (first byte, marker and type, number, stamp) of each interleaved packet among the requests."""
    place = said.index(b"PLAY")
    while place < len(said):
        if said[place : place + 2] == b"$\x00":
            (length,) = struct.unpack_from(">H", said, place + 2)
            yield struct.unpack_from(">BBHI", said, place + 4)
            place += 4 + length
        else:
            place = said.index(b"\r\n\r\n", place) + 4


def test_the_track_that_takes_sound_is_the_one_that_a_client_sends_to() -> None:
    """ONVIF Streaming Specification §5.3: `a=sendonly`; RFC 3551: payload type 0 is µ-law, 8 is A-law."""
    assert back_track(SDP, "rtsp://camera/live/") == BackTrack("rtsp://camera/live/track2", 8, "pcm_alaw")
    assert back_track(SDP.replace("97 8", "97"), "rtsp://camera/live") is None
    assert back_track(SDP.replace("a=sendonly\n", ""), "rtsp://camera/live") is None
    absolute = SDP.replace("a=control:track2", "a=control:rtsp://camera/other/talk").replace("\n", "\r\n")
    assert back_track(absolute, "rtsp://camera/live") == BackTrack("rtsp://camera/other/talk", 8, "pcm_alaw")


@given(st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "replace")))
def test_no_description_and_no_answer_breaks_the_reader(text: str) -> None:
    for description in (text, SDP + text, SDP.replace("audio", text), SDP.replace("97 8", text)):
        back_track(description, "rtsp://camera/live")
    read_head(text.encode())
    read_head(f"RTSP/1.0 200 OK\r\n{text}".encode())
    RtspLogin("user", "password").take((text, f"Digest {text}"))


def test_a_digest_is_the_one_of_the_specification() -> None:
    """RFC 2617 §3.5 without `qop`, as cameras ask for it; a stale nonce is replaced, a refusal is not tried again."""
    login = RtspLogin("Mufasa", "Circle Of Life")
    assert login.say("GET", "/dir/index.html") == ""
    assert login.take(
        ('Basic realm="x"', 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"')
    )
    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in login.say("GET", "/dir/index.html")
    assert not login.take(('Digest realm="testrealm@host.com", nonce="other"',))
    assert login.take(('Digest realm="testrealm@host.com", nonce="other", stale=true',))
    assert 'nonce="other"' in login.say("GET", "/dir/index.html")
    assert RtspLogin("user", "word").take(('Digest algorithm="SHA-512", nonce="x"',)) is False
    assert RtspLogin("", "").take(('Basic realm="x"',)) is False


def test_a_digest_with_qop_counts_and_signs_its_own_nonce() -> None:
    login = RtspLogin("Mufasa", "Circle Of Life")
    assert login.take(('Digest realm="r", qop="auth,auth-int", nonce="n", opaque="o"',))
    first, second = login.say("DESCRIBE", "rtsp://x"), login.say("SETUP", "rtsp://x")
    assert "nc=00000001" in first
    assert "nc=00000002" in second
    assert 'opaque="o"' in first


def test_basic_is_said_only_where_nothing_better_is_asked_for() -> None:
    login = RtspLogin("user", "word")
    assert login.take(('Basic realm="camera"',))
    assert login.say("DESCRIBE", "rtsp://x") == "Basic dXNlcjp3b3Jk"
    assert not login.take(('Basic realm="camera"',))
