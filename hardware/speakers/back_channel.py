"""The speaker of a network camera: sound goes back to it over RTSP as ONVIF says (Streaming Specification §5.3)."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, cast

import av
from av.audio.codeccontext import AudioCodecContext

from hardware.speaker import SAMPLE_BYTES, SAMPLES_PER_S
from hardware.speakers.rtsp_conversation import OK, UNAUTHORIZED, RtspAnswer, RtspConversation

NOT_SUPPORTED: Final = 551
"""What a camera says that does not know what it is required to know (RFC 2326 §12.32)."""
REQUIRED: Final = "www.onvif.org/ver20/backchannel"
TELEPHONE_SAMPLES_PER_S: Final = 8_000
PACKET_SAMPLES: Final = 160
"""20 ms of G.711, as RFC 3551 has it."""
CALLS_AGAIN_S: Final = 25.0
"""Cameras forget a session that says nothing for 60 s; sound alone does not count everywhere."""
SOURCE: Final = 0x5645_494C
"""The number of the one who sends (RTP's SSRC): a session of its own has no second one to mix it up with."""
PLAYS_OUT_S: Final = 0.5
"""A camera that is told to end drops what it has not played yet: it buffers some 200 ms."""
SILENCE_S: Final = 0.3
"""Sound that comes so much later than what was sent before it begins anew: nobody spoke meanwhile."""
G711 = {0: "pcm_mulaw", 8: "pcm_alaw"}
"""RTP payload types that mean G.711 without saying more (RFC 3551 §6), and FFmpeg's names of its two laws."""


@dataclass(frozen=True, slots=True)
class BackTrack:
    """A track of a camera that takes sound: where it is set up, its RTP payload type, FFmpeg's name of its coding."""

    url: str
    payload_type: int
    codec: str


class BackChannelSpeaker:
    """The camera that `address` names. Silence between two calls of `play` stays silence at the camera."""

    def __init__(self, address: str, *, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._line = RtspConversation(address)
        try:
            track = self._track()
            self._session = self._begun(track)
        except OSError:
            self._line.close()
            raise
        self._sound = _TelephoneSound(track.codec)
        self._payload_type = track.payload_type
        self._began_s = self._called_s = monotonic()
        self._sequence = 0
        self._sent_samples = 0
        self._closed = False

    def play(self, pcm: bytes) -> None:
        """Send what follows, in packets of 20 ms."""
        now_s = self._monotonic()
        passed_samples = round((now_s - self._began_s) * TELEPHONE_SAMPLES_PER_S)
        begins = passed_samples - self._sent_samples > SILENCE_S * TELEPHONE_SAMPLES_PER_S or not self._sequence
        if begins:
            self._sent_samples = max(self._sent_samples, passed_samples)
        for payload in self._sound.packed(pcm):
            self._line.send_packet(0, self._packet(payload, begins=begins))
            begins = False
        if now_s - self._called_s >= CALLS_AGAIN_S:
            self._called_s = now_s
            self._line.tell("OPTIONS", self._line.url, Session=self._session)

    def close(self) -> None:
        """Send what is left and end the session."""
        if self._closed:
            return
        self._closed = True
        try:
            for payload in self._sound.rest():
                self._line.send_packet(0, self._packet(payload, begins=False))
            self._line.listen(PLAYS_OUT_S)
            self._line.ask("TEARDOWN", self._line.url, Session=self._session)
        except OSError:
            pass  # a camera that has gone ends its sessions by itself
        finally:
            self._line.close()

    def _packet(self, payload: bytes, *, begins: bool) -> bytes:
        """Return an RTP packet (RFC 3550 §5.1); the marker says that speech begins after silence."""
        marked = (0x80 if begins else 0) | self._payload_type
        head = struct.pack(">BBHII", 0x80, marked, self._sequence & 0xFFFF, self._sent_samples & 0xFFFFFFFF, SOURCE)
        self._sequence += 1
        self._sent_samples += len(payload)
        return head + payload

    def _track(self) -> BackTrack:
        line = self._line
        answer = line.ask("DESCRIBE", line.url, Accept="application/sdp", Require=REQUIRED)
        if answer.status != NOT_SUPPORTED:
            self._check(answer, "told nothing of its sound")
        base = answer.headers.get("content-base") or answer.headers.get("content-location") or line.url
        track = back_track(answer.body.decode("utf-8", "replace"), base)
        if track is None:
            raise ConnectionError(f"{line.name} offers no way to speak to it (no ONVIF back channel with G.711 sound).")
        return track

    def _begun(self, track: BackTrack) -> str:
        line = self._line
        transport = "RTP/AVP/TCP;unicast;interleaved=0-1"
        answer = line.ask("SETUP", track.url, Transport=transport, Require=REQUIRED)
        self._check(answer, "refused to take sound; somebody else may be speaking to it")
        session = answer.headers.get("session", "").partition(";")[0].strip()
        if not session:
            raise ConnectionError(f"{line.name} began no session for the sound.")
        self._check(line.ask("PLAY", line.url, Session=session, Require=REQUIRED), "did not begin to take sound")
        return session

    def _check(self, answer: RtspAnswer, failed: str) -> None:
        if answer.status == UNAUTHORIZED:
            raise PermissionError(f"{self._line.name} refused the user name or password.")
        if answer.status != OK:
            raise ConnectionError(f"{self._line.name} {failed} (RTSP {answer.status}).")


def back_track(description: str, base: str) -> BackTrack | None:
    """Return the first G.711 track of an SDP (RFC 8866) that a client sends to; None when there is none.

    ONVIF: such a track is `a=sendonly`, said from the camera's description to the client. `base` is what a relative
    `a=control` follows.
    """
    for section in description.replace("\r\n", "\n").split("\nm=")[1:]:
        first, *lines = section.split("\n")
        kind, *rest = first.split() or [""]
        if kind != "audio" or "a=sendonly" not in (line.strip() for line in lines):
            continue
        control = next((line.partition(":")[2].strip() for line in lines if line.startswith("a=control:")), "")
        for word in rest[2:]:
            payload_type = int(word) if word.isascii() and word.isdigit() else -1
            if payload_type in G711:
                return BackTrack(_joined(base, control), payload_type, G711[payload_type])
    return None


def _joined(base: str, control: str) -> str:
    """RFC 2326 §C.1.1, as servers do it: appended after a slash, and not resolved as a link of a page."""
    if not control or control == "*":
        return base
    return control if "://" in control else f"{base.rstrip('/')}/{control.lstrip('/')}"


class _TelephoneSound:
    """16,000 samples a second to G.711's 8,000, in packets of 20 ms; what does not fill one waits for more."""

    def __init__(self, codec: str) -> None:
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=TELEPHONE_SAMPLES_PER_S)
        encoder = cast("AudioCodecContext", av.CodecContext.create(codec, "w"))
        encoder.sample_rate, encoder.layout, encoder.format = TELEPHONE_SAMPLES_PER_S, "mono", "s16"
        self._encoder = encoder
        self._coded = bytearray()

    def packed(self, pcm: bytes) -> Iterator[bytes]:
        """Yield the whole packets that there are now."""
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(pcm) // SAMPLE_BYTES)
        frame.sample_rate = SAMPLES_PER_S
        frame.planes[0].update(pcm)
        for slower in self._resampler.resample(frame):
            slower.pts = None
            for packet in self._encoder.encode(slower):
                self._coded += bytes(packet)
        while len(self._coded) >= PACKET_SAMPLES:
            yield bytes(self._coded[:PACKET_SAMPLES])
            del self._coded[:PACKET_SAMPLES]

    def rest(self) -> Iterator[bytes]:
        """Yield the last, shorter packet; the resampler's last millisecond is let go."""
        if self._coded:
            yield bytes(self._coded)
            self._coded.clear()
