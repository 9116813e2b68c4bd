"""Behind a proved gate real packets are left undecoded, and what moves is found as if they had not been."""

from collections.abc import Sequence
from functools import cache

import pytest

from agent.adapters.camera_feed_pyav.picture_analysis import PictureAnalysis
from agent.vision.mask import PrivacyMask
from agent.vision.motion import MotionReading
from agent.vision.packet_gate import AUDIT_S, MOTIONS_TO_TRUST, PacketGate
from hardware.camera import EncodedPacket, StreamInfo
from tests.small_video import TIME_BASE, Scene, encode, walker

MOTION_S, CYCLE_S = 2.0, 8.0
MOTIONS = MOTIONS_TO_TRUST + 3  # the first ones are measured against a quiet that is still being learnt
PROVED_S = MOTIONS * CYCLE_S
WALKS_S = PROVED_S + 30.5
SECONDS = WALKS_S + 8.0


def many_walkers() -> Scene:
    """Return a street that somebody crosses every eight seconds; then nobody for half a minute, then somebody."""
    walks = walker(3.0, 3.0 + MOTION_S, noise=0.5)
    last = walker(WALKS_S, WALKS_S + MOTION_S, noise=0.5)
    return lambda at_s: walks(at_s % CYCLE_S) if at_s < PROVED_S else last(at_s)


@cache
def video(codec: str = "h264", b_frames: int = 0) -> tuple[StreamInfo, Sequence[EncodedPacket]]:
    return encode(many_walkers(), SECONDS, codec, keyframe_every_s=2.0, b_frames=b_frames, constant_quality=True)


def watched(
    stream: StreamInfo, packets: Sequence[EncodedPacket], gate: PacketGate | None, *, masked: bool = False
) -> tuple[Sequence[MotionReading], PictureAnalysis]:
    mask = PrivacyMask((((0.0, 0.0), (0.1, 0.0), (0.1, 0.1)),)) if masked else None
    analysis = PictureAnalysis(stream, gate=gate, mask=mask)
    readings = [analysis.see(packet) for packet in packets]
    return [reading for reading in readings if reading is not None], analysis


def onsets(readings: Sequence[MotionReading]) -> Sequence[float]:
    return [reading.onset_s for reading in readings if reading.onset_s is not None and reading.moving]


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_motion_after_half_a_minute_asleep_is_found_where_it_began(codec: str) -> None:
    assert PROVED_S > AUDIT_S
    stream, packets = video(codec)
    gate = PacketGate()
    found, analysis = watched(stream, packets, gate)
    plain, whole = watched(stream, packets, None)
    assert gate.report().asleep_s > 15.0
    assert gate.report().missed == 0
    assert analysis.pictures < whole.pictures - 150
    assert len(onsets(found)) == len(onsets(plain)) == MOTIONS + 1
    assert onsets(found)[-1] == pytest.approx(onsets(plain)[-1], abs=0.35)
    still_s = [reading.still_s for reading in found if reading.onset_s is not None][-1]
    assert still_s is not None
    assert still_s <= WALKS_S, "the pre-roll counts from the last picture that showed nothing"


def test_masked_pictures_are_all_decoded_since_they_are_what_is_stored() -> None:
    stream, packets = video()
    gate = PacketGate()
    _, analysis = watched(stream, packets[:300], gate, masked=True)
    assert analysis.pictures == 300
    assert not gate.report().possible


def test_pictures_in_another_order_than_their_packets_are_all_decoded() -> None:
    stream, packets = video(b_frames=2)
    gate = PacketGate()
    _, analysis = watched(stream, packets, gate)
    assert not gate.report().possible
    plain = PictureAnalysis(stream)
    for packet in packets:
        plain.see(packet)
    assert analysis.pictures == plain.pictures


def test_who_asks_for_a_picture_gets_the_next_ones_as_they_come() -> None:
    stream, packets = video()
    gate = PacketGate()
    asleep = next(index for index, packet in enumerate(packets) if packet.pts * TIME_BASE > WALKS_S - 3.0)
    _, analysis = watched(stream, packets[:asleep], gate)
    seen = analysis.pictures
    assert analysis.newest_jpeg(320) is not None
    for packet in packets[asleep : asleep + 5]:
        analysis.see(packet)
    assert analysis.pictures >= seen + 5
