"""Sound beside pictures: what cannot be kept is left out with a sentence; what is kept stands where it was heard."""

import time
from collections.abc import Sequence
from fractions import Fraction
from io import BytesIO
from itertools import pairwise

import av
import numpy as np
import pytest
from av.audio.codeccontext import AudioCodecContext

from agent.adapters.clip_files_pyav import FragmentMuxer
from agent.domain.mp4_boxes import read_from, whole_layout
from cloud_stub.domain.fragments import FragmentIndex
from hardware.camera import CameraLost, EncodedPacket, StreamInfo
from hardware.cameras.addresses import camera_source
from hardware.cameras.rtsp import rtsp_source
from hardware.cameras.scene_sound import pitch_hz
from tests.odd_streams import NONCE, odd_stream, seen_in
from tests.rtsp.faulty_server import Fault, FaultPlan, Sound, faulty_server

SECONDS = 4.0
BEEP_FROM_S, BEEP_TO_S = 1.5, 2.5
HEARD = 0.1


def beep(rate: int) -> np.ndarray:
    """Four seconds with a tone from 1.5 s to 2.5 s."""
    at = np.arange(round(SECONDS * rate)) / rate
    return np.where((at >= BEEP_FROM_S) & (at < BEEP_TO_S), 0.5 * np.sin(2 * np.pi * 440 * at), 0).astype(np.float32)


def coded(
    codec: str, rate: int, samples: int, sample_format: str
) -> tuple[AudioCodecContext, list[tuple[float, bytes]]]:
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format, encoder.time_base = (
        rate,
        "mono",
        sample_format,
        Fraction(1, rate),
    )
    packets = []
    tone = beep(rate)
    for begin in range(0, len(tone) - samples + 1, samples):
        frame = av.AudioFrame.from_ndarray(tone[begin : begin + samples].reshape(1, -1), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, begin, Fraction(1, rate)
        packets += [((packet.pts or 0) / rate, bytes(packet)) for packet in encoder.encode(frame)]
    return encoder, packets


def g711(codec: str, payload_type: int) -> Sound:
    _, packets = coded(codec, 8000, 160, "s16")
    return Sound(f"m=audio 0 RTP/AVP {payload_type}\r\n", 8000, packets)


def aac() -> Sound:
    encoder, packets = coded("aac", 16000, 1024, "fltp")
    packed = [(at, b"\x00\x10" + (len(data) << 3).to_bytes(2, "big") + data) for at, data in packets if at >= 0]
    config = bytes(encoder.extradata or b"")[:2].hex()
    lines = (
        "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/16000/1\r\na=fmtp:97 streamtype=5;profile-level-id=1;"
        f"mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config={config}\r\n"
    )
    return Sound(lines, 16000, packed)


def opus() -> Sound:
    _, packets = coded("libopus", 48000, 960, "flt")
    shifted = [(max(0.0, at), data) for at, data in packets]
    return Sound("m=audio 0 RTP/AVP 98\r\na=rtpmap:98 opus/48000/2\r\na=fmtp:98 sprop-stereo=0\r\n", 48000, shifted)


def received(sound: Sound, *, audio: bool = True) -> tuple[StreamInfo, list[EncodedPacket]]:
    stream = odd_stream("wraps")
    plan = FaultPlan(Fault.NONE)
    with faulty_server(stream.units, stream.fps, plan, stamps=stream.stamps, sound=sound) as server:
        camera = rtsp_source(server.url, monotonic=time.monotonic, audio=audio)  # noqa: TID251 - the peer is real
        info, packets = camera.open(), list[EncodedPacket]()
        with pytest.raises(CameraLost, match="ended the connection"):
            packets.extend(camera.packets())
        camera.close()
    return info, packets


def clip_of(info: StreamInfo, packets: Sequence[EncodedPacket]) -> bytes:
    muxer = FragmentMuxer(info, packets[0], 1.0)
    muxer.mux(packets)
    muxer.finish()
    return muxer.take_whole(0)[0]


def heard_in(clip: bytes, window_s: float = 0.02) -> list[tuple[float, float, float]]:
    """Return (seconds, loudness, pitch in Hz) of each whole window of the clip's sound."""
    found = []
    with av.open(BytesIO(clip), "r") as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=stream.rate)
        for coded_frame in container.decode(stream):
            at_s = float(coded_frame.time or 0.0)
            for frame in resampler.resample(coded_frame):
                samples = frame.to_ndarray()[0]
                loud = float(np.sqrt(np.mean(samples**2)))
                crossings = int(np.sum(np.diff(np.signbit(samples))))
                found.append((at_s, loud, crossings / 2 / (len(samples) / stream.rate)))
    return found


@pytest.mark.parametrize(
    "lines",
    ["m=audio 0 RTP/AVP 97\r\na=rtpmap:97 G726-32/8000\r\n", "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 L16/8000/1\r\n"],
)
def test_sound_that_no_clip_holds_is_left_out_with_a_sentence(lines: str) -> None:
    payloads = [(number * 0.02, bytes(80)) for number in range(200)]
    info, packets = received(Sound(lines, 8000, payloads))
    assert info.audio is None
    assert "is left out" in info.sound_left_out
    assert len(packets) == 60


def test_a_camera_that_refuses_its_sound_is_recorded_without() -> None:
    info, packets = received(Sound("m=audio 0 RTP/AVP 0\r\n", 8000, refused=True))
    assert info.audio is None
    assert len(packets) == 60


@pytest.mark.parametrize("sound", [Sound("m=audio 0 RTP/AVP 0\r\n", 8000), aac()], ids=["g711", "aac"])
def test_sound_that_is_offered_and_never_comes_costs_no_picture(sound: Sound) -> None:
    silent = Sound(sound.description, sound.clock)
    info, packets = received(silent)
    clip = clip_of(info, packets)
    assert [mark for mark, _, _ in seen_in(clip)] == list(range(60))
    assert whole_layout(read_from(clip), len(clip)).duration_ms == 4000


def test_sound_that_never_comes_does_not_keep_the_pictures_waiting() -> None:
    stream = odd_stream("wraps")
    plan = FaultPlan(Fault.FROZEN, at_frame=30)
    silent = Sound(aac().description, 16000)
    with faulty_server(stream.units, stream.fps, plan, stamps=stream.stamps, sound=silent) as server:
        began_s = time.monotonic()  # noqa: TID251 - the peer is real
        camera = rtsp_source(server.url, monotonic=time.monotonic)  # noqa: TID251 - the peer is real
        camera.open()
        took_s = time.monotonic() - began_s  # noqa: TID251 - the peer is real
        camera.close()
    assert took_s < 2.0, "two seconds of pictures are enough"


def test_sound_is_not_asked_for_when_it_is_switched_off() -> None:
    info, packets = received(aac(), audio=False)
    assert info.audio is None
    assert not info.sound_left_out
    assert not any(packet.is_audio for packet in packets)


@pytest.mark.parametrize(
    ("sound", "codec"),
    [(aac(), "aac"), (g711("pcm_mulaw", 0), "aac"), (g711("pcm_alaw", 8), "aac"), (opus(), "opus")],
    ids=["aac", "g711 mu-law", "g711 a-law", "opus"],
)
def test_sound_is_kept_where_it_was_heard_and_costs_no_picture(sound: Sound, codec: str) -> None:
    info, packets = received(sound)
    assert info.audio is not None
    assert info.audio.codec == codec
    sounds = [packet for packet in packets if packet.is_audio]
    assert all(before.dts < after.dts for before, after in pairwise(sounds))
    clip = clip_of(info, packets)
    assert [mark for mark, _, _ in seen_in(clip)] == list(range(60))
    loud = [at for at, loudness, _ in heard_in(clip) if loudness > HEARD]
    assert loud[0] == pytest.approx(BEEP_FROM_S, abs=0.15)
    assert loud[-1] == pytest.approx(BEEP_TO_S, abs=0.2)


def test_the_cloud_plays_a_clip_with_sound_and_measures_its_pictures() -> None:
    clip = clip_of(*received(aac()))
    index = FragmentIndex()
    index.feed(clip)
    assert index.broken is None
    assert index.playable_end == len(clip)
    assert index.duration_ms == whole_layout(read_from(clip), len(clip)).duration_ms == 4000
    assert index.mime is not None
    assert "mp4a.40.2" in index.mime


def test_an_emulated_camera_is_heard_at_the_frames_that_sound() -> None:
    camera = camera_source(
        "emulated:busy?width=320&height=180&seconds=6&sound=yes&paced=no",
        monotonic=lambda: 0.0,
        sleep=lambda _seconds: None,
        nonce=NONCE,
    )
    info = camera.open()
    packets = list(camera.packets())
    camera.close()
    clip = clip_of(info, packets)
    shown = {round(at * 15): mark for mark, at, _ in seen_in(clip)}
    assert [shown[frame] for frame in range(90)] == list(range(90))
    wrong = []
    for at, loudness, hz in heard_in(clip):
        frame = int((at + 0.032) * 15)
        around = {pitch_hz(near, 15) for near in range(frame - 1, frame + 2)}
        if len(around) > 1:
            continue  # a beat begins or ends within this window
        (wanted,) = around
        right = loudness < HEARD if wanted == 0 else abs(hz - wanted) < 60
        wrong += [] if right else [(at, loudness, hz, wanted)]
    assert not wrong
