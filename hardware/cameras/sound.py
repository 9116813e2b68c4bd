"""The sound beside a camera's pictures: passed through as AAC or Opus, G.711 encoded to AAC, all else left out."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer

from hardware.camera import AudioInfo, EncodedPacket
from hardware.cameras.timestamps import SoundPlacement, StampRepair

AAC_SAMPLES = 1024
OPUS_S = 0.02
G711 = frozenset({"pcm_mulaw", "pcm_alaw"})
AAC_BITS_PER_SAMPLE = 4
"""8,000 samples a second become 32 kbit/s: half of G.711, and nothing that one hears is lost."""
LONGEST_SLIP_S = 0.25
"""How far counted samples may part from the camera's stamps (two clocks drift) before they are set right."""


def sound_stream(container: InputContainer) -> AudioStream | None:
    """Return the container's first sound, or `None`."""
    return container.streams.audio[0] if container.streams.audio else None


class SoundTrack:
    """Turns one camera's sound packets into ours, on its pictures' clock.

    `info` is what a clip gets. Raises ValueError with a sentence for sound that no clip can hold.
    """

    def __init__(self, stream: AudioStream) -> None:
        context = stream.codec_context
        codec, rate, channels = context.name, context.sample_rate, context.layout.nb_channels
        if codec == "libopus":
            codec = "opus"
        self._transcoder: _ToAac | None = None
        if not rate or channels not in {1, 2}:
            raise ValueError("The camera's sound is neither mono nor stereo: it is left out.")
        if codec in G711:
            self._transcoder = _ToAac(codec, rate, channels)
            self.info = AudioInfo("aac", rate, channels, self._transcoder.extradata)
            self._nominal_s = 0.0
        elif codec == "opus" or (codec == "aac" and context.extradata):
            self.info = AudioInfo(codec, rate, channels, bytes(context.extradata or b""))
            self._nominal_s = OPUS_S if codec == "opus" else AAC_SAMPLES / rate
        else:
            raise ValueError(
                f"The camera's sound ({codec}) is left out: set it to AAC, Opus or G.711, or switch it off."
            )
        self._time_base = Fraction(1, 90_000)
        self._placement: SoundPlacement | None = None

    def beside(self, pictures: StampRepair, time_base: Fraction) -> "SoundTrack":
        """Say whose clock the sound goes along with; comes before the first packet."""
        self._time_base = time_base
        self._placement = SoundPlacement(pictures, time_base=time_base)
        return self

    def packets(self, packet: "av.Packet[Any]", arrived_s: float) -> Iterator[EncodedPacket]:
        """Yield what becomes of one packet; nothing for one that cannot be decoded."""
        if self._placement is None:
            return
        stamp = packet.pts if packet.pts is not None else packet.dts
        unit = packet.time_base / self._time_base
        lasts_s = float(packet.duration * packet.time_base) if packet.duration else self._nominal_s
        if self._transcoder is not None:
            lasts_s = self._transcoder.lasts_s(packet.size)
        given = None if stamp is None else round(stamp * unit)
        lasts = max(1, round(lasts_s / self._time_base))
        place = self._placement.step(given, lasts)
        if self._transcoder is None:
            yield EncodedPacket(bytes(packet), place, place, lasts, False, arrived_s, is_audio=True)  # noqa: FBT003 - the field's order
            return
        for data, at, length in self._transcoder.encode(bytes(packet), place, self._time_base):
            yield EncodedPacket(data, at, at, length, False, arrived_s, is_audio=True)  # noqa: FBT003 - the field's order


class _ToAac:
    """G.711 in, AAC out, at the same sample rate. Samples are counted, so that AAC frames join without a click."""

    def __init__(self, codec: str, rate: int, channels: int) -> None:
        decoder, encoder = av.CodecContext.create(codec, "r"), av.CodecContext.create("aac", "w")
        assert isinstance(decoder, AudioCodecContext)  # noqa: S101 - narrows the type: these are sound
        assert isinstance(encoder, AudioCodecContext)  # noqa: S101 - narrows the type: these are sound
        layout = "mono" if channels == 1 else "stereo"
        decoder.sample_rate, decoder.layout = rate, layout
        encoder.sample_rate, encoder.layout, encoder.format = rate, layout, "fltp"
        encoder.bit_rate = rate * AAC_BITS_PER_SAMPLE * channels
        encoder.time_base = Fraction(1, rate)
        encoder.open()
        self.extradata = bytes(encoder.extradata or b"")
        self._decoder, self._encoder = decoder, encoder
        self._rate, self._channels = rate, channels
        self._samples = 0
        self._anchor: Fraction | None = None
        self._last = -1

    def lasts_s(self, size_bytes: int) -> float:
        """Return how long so many bytes of G.711 sound: one byte a sample."""
        return size_bytes / (self._rate * self._channels)

    def encode(self, data: bytes, place: int, time_base: Fraction) -> Iterator[tuple[bytes, int, int]]:
        """Yield (data, place, length) in ticks of the AAC frames that are whole; nothing lies before 0."""
        tick_per_sample = 1 / (self._rate * time_base)
        for heard in self._decoder.decode(av.Packet(data)):
            expected = self._anchor + self._samples * tick_per_sample if self._anchor is not None else None
            if expected is None or abs(expected - place) * time_base > LONGEST_SLIP_S:
                self._anchor = place - self._samples * tick_per_sample
            heard.pts, heard.time_base = self._samples, Fraction(1, self._rate)
            self._samples += heard.samples
            for packet in self._encoder.encode(heard):
                at = round((self._anchor or 0) + (packet.pts or 0) * tick_per_sample)
                if at > self._last:
                    self._last = at
                    yield bytes(packet), at, round(AAC_SAMPLES * tick_per_sample)
