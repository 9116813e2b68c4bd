"""Muxes one camera's packets into fragmented MP4: pictures, and sound beside them."""

import errno
from collections.abc import Sequence
from fractions import Fraction
from io import BytesIO

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from agent.domain.mp4_boxes import read_from, whole_layout
from hardware.camera import AudioInfo, EncodedPacket, StreamInfo
from hardware.cameras.parameter_sets import parameter_sets

ACCESS_UNIT_DELIMITER = {"h264": b"\x00\x00\x00\x01\x09\xf0", "hevc": b"\x00\x00\x00\x01\x46\x01\x50"}
SILENT_AAC = {1: bytes.fromhex("00c800802380"), 2: bytes.fromhex("2100499002190023 80")}
ADTS_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


class FragmentMuxer:
    """Packets of picture and sound in, the bytes of a fragmented MP4 out; owns nothing on disk.

    A fragment ends after `fragment_s`, and `at_keyframes` before each keyframe too. Raises OSError when the packets
    cannot be stored (no parameter sets, a codec that MP4 does not hold). With sound, the newest packet of each track
    waits for the next one: either track may end a fragment, and what it says of the other's last packet must be true.
    """

    def __init__(
        self, stream: StreamInfo, first: EncodedPacket, fragment_s: float, *, at_keyframes: bool = False
    ) -> None:
        self._time_base = stream.time_base
        self._start = first.pts
        self._nominal_ticks = max(1, round(1 / (Fraction(stream.nominal_fps or 25.0) * stream.time_base)))
        self._pending = bytearray()
        extradata = stream.extradata or parameter_sets(stream.codec, first.data)
        if not extradata:
            raise OSError(errno.EINVAL, "The camera's stream says nowhere how to decode it (no parameter sets).")
        flags = "empty_moov+default_base_moof+skip_trailer+negative_cts_offsets"
        options = {
            "movflags": f"{flags}+frag_keyframe" if at_keyframes else flags,
            "frag_duration": str(int(fragment_s * 1_000_000)),
            "flush_packets": "1",
            "avoid_negative_ts": "disabled",  # with B-frames the first shown picture stands at 0
        }
        if stream.audio is not None:
            options["movflags"] += "+frag_discont"  # else sound would begin at 0 whenever it begins
            options["max_interleave_delta"] = "1"  # FFmpeg would hold pictures back for 10 s when no sound comes
        self._container: OutputContainer = av.open(self, "w", format="mp4", options=options)
        self._stream = self._described_stream(stream, extradata)
        self._sound = None if stream.audio is None else sound_track(self._container, stream.audio)
        self._held: dict[bool, EncodedPacket] = {}

    def write(self, data: bytes) -> int:
        """Take bytes from the muxer (called by PyAV)."""
        self._pending += data
        return len(data)

    def _described_stream(self, stream: StreamInfo, extradata: bytes) -> VideoStream:
        """Add the stream without opening an encoder: PyAV copies streams only from a container, so one is made."""
        try:
            with av.open(BytesIO(ACCESS_UNIT_DELIMITER[stream.codec]), format=stream.codec) as described:
                added = self._container.add_stream_from_template(described.streams.video[0], opaque=True)
        except (KeyError, av.FFmpegError) as error:
            raise OSError(errno.EINVAL, f"A clip cannot hold {stream.codec} video.") from error
        context = added.codec_context
        context.extradata = extradata
        context.width, context.height = stream.width, stream.height
        if stream.codec == "hevc":
            context.codec_tag = "hvc1"  # the parameter sets stand in the head: Apple's players want it said so
        added.time_base = stream.time_base
        return added

    def mux(self, packets: Sequence[EncodedPacket]) -> None:
        """Append packets, untouched; the file's time starts at 0, and sound from before it is left out."""
        for packet in packets:
            if self._sound is None:
                if not packet.is_audio:
                    self._append(packet, packet.duration)
            elif not packet.is_audio or packet.pts >= self._start:
                before = self._held.get(packet.is_audio)
                self._held[packet.is_audio] = packet
                if before is not None:
                    self._append(before, packet.dts - before.dts)

    def _append(self, packet: EncodedPacket, lasts: int) -> None:
        copy = av.Packet(packet.data)
        copy.pts, copy.dts = packet.pts - self._start, packet.dts - self._start
        copy.time_base = self._time_base
        copy.duration = lasts or self._nominal_ticks
        copy.is_keyframe = packet.is_keyframe or packet.is_audio
        copy.stream = self._sound if packet.is_audio and self._sound is not None else self._stream
        try:
            self._container.mux(copy)
        except av.FFmpegError as error:
            what = "sound" if packet.is_audio else "picture"
            raise OSError(errno.EINVAL, f"A {what} of the camera does not fit into an MP4 clip.") from error

    def finish(self) -> None:
        """Close the last fragment."""
        held, self._held = sorted(self._held.values(), key=lambda packet: packet.dts), {}
        for packet in held:
            self._append(packet, packet.duration)
        try:
            self._container.close()
        except av.FFmpegError as error:
            raise OSError(errno.EINVAL, "The clip's last pictures do not fit into an MP4 clip.") from error

    def take_whole(self, timescale: int) -> tuple[bytes, int, int, int]:
        """Return (whole fragments so far, their count, their ticks, the timescale) and forget them."""
        data = bytes(self._pending)
        layout = whole_layout(read_from(data), len(data), timescale)
        whole = data[: layout.whole_bytes] if layout.fragments else b""
        del self._pending[: len(whole)]
        return whole, len(layout.fragments), sum(part.ticks for part in layout.fragments), layout.timescale


def sound_track(container: OutputContainer, audio: AudioInfo) -> AudioStream:
    """Add the sound's track; OSError for sound that MP4 does not hold. No encoder runs for AAC."""
    layout = "mono" if audio.channels == 1 else "stereo"
    try:
        if audio.codec == "opus":
            return container.add_stream("libopus", rate=audio.sample_rate, layout=layout)
        frame = _adts(audio.sample_rate, SILENT_AAC[audio.channels])
        with av.open(BytesIO(frame), format="aac") as described:
            added = container.add_stream_from_template(described.streams.audio[0], opaque=True)
    except (KeyError, ValueError, av.FFmpegError) as error:
        raise OSError(errno.EINVAL, f"A clip cannot hold this {audio.codec} sound.") from error
    added.codec_context.extradata = audio.extradata
    added.time_base = Fraction(1, audio.sample_rate)
    return added


def _adts(rate: int, frame: bytes) -> bytes:
    """Put one raw AAC frame under the head by which FFmpeg knows its rate (ISO/IEC 13818-7, 6.2)."""
    channels, size = 1 if frame == SILENT_AAC[1] else 2, 7 + len(frame)
    place = ADTS_RATES.index(rate)
    sizes = bytes([(channels & 3) << 6 | size >> 11, size >> 3 & 0xFF, (size & 7) << 5 | 0x1F, 0xFC])
    return bytes([0xFF, 0xF1, 1 << 6 | place << 2]) + sizes + frame
