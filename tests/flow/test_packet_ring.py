"""The ring of encoded packets: what it holds, and what gives when it may not hold enough."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.flow.packet_ring import PacketRing
from tests.small_video import TIME_BASE, placeholder_packets


def test_packets_before_the_first_keyframe_are_not_kept() -> None:
    ring = PacketRing(TIME_BASE, 3.0)
    for packet in placeholder_packets(2.0)[1:10]:
        ring.add(packet)
    assert not ring.packets()


def test_a_single_group_larger_than_the_bound_leaves_the_ring_empty_until_the_next_keyframe() -> None:
    ring = PacketRing(TIME_BASE, 3.0, most_bytes=5_000)
    packets = placeholder_packets(21.0, keyframe_every_s=20.0)
    states = []
    for packet in packets:
        ring.add(packet)
        states.append((ring.overfull, len(ring.packets())))
    assert states[49] == (False, 50)
    assert set(states[50:200]) == {(True, 0)}
    assert states[200] == (False, 1)
    assert ring.packets()[0] == packets[200]


def test_the_byte_bound_takes_whole_groups_of_the_pre_roll_first() -> None:
    ring = PacketRing(TIME_BASE, 10.0, most_bytes=3_500)
    packets = placeholder_packets(12.0)
    for packet in packets:
        ring.add(packet)
    assert ring.packets() == packets[90:]


@given(
    keyframe_every_s=st.floats(0.1, 25.0),
    pre_roll_s=st.floats(0.0, 10.0),
    seconds=st.floats(0.1, 60.0),
)
def test_the_ring_starts_at_a_keyframe_covers_the_pre_roll_and_holds_one_group_more_at_most(
    keyframe_every_s: float, pre_roll_s: float, seconds: float
) -> None:
    ring = PacketRing(TIME_BASE, pre_roll_s)
    packets = placeholder_packets(seconds, keyframe_every_s=keyframe_every_s)
    for packet in packets:
        ring.add(packet)
    held = ring.packets()
    assert list(held) == packets[len(packets) - len(held) :]
    if not packets:
        return
    assert held[0].is_keyframe
    covered_s = float((held[-1].dts - held[0].dts) * TIME_BASE)
    assert covered_s >= min(pre_roll_s, float(packets[-1].dts * TIME_BASE)) - 0.001
    gop_s = max(0.1, round(keyframe_every_s * 10) / 10)
    assert covered_s < pre_roll_s + gop_s + 0.001
    assert ring.bytes_held == 100 * len(held)


@given(keyframe_every_s=st.floats(0.1, 5.0), from_s=st.floats(-5.0, 25.0))
def test_what_is_asked_for_from_a_time_on_starts_at_the_last_keyframe_before_it(
    keyframe_every_s: float, from_s: float
) -> None:
    ring = PacketRing(TIME_BASE, 15.0)
    for packet in placeholder_packets(20.0, keyframe_every_s=keyframe_every_s):
        ring.add(packet)
    held, wanted = ring.packets(), ring.packets(from_s)
    assert list(wanted) == list(held)[len(held) - len(wanted) :]
    early = [packet for packet in held if packet.is_keyframe and packet.dts * TIME_BASE < from_s]
    assert wanted[0] == (early[-1] if early else held[0])


@pytest.mark.parametrize("pre_roll_s", [0.0, 3.0])
def test_clearing_forgets_everything(pre_roll_s: float) -> None:
    ring = PacketRing(TIME_BASE, pre_roll_s)
    ring.add(placeholder_packets(1.0)[0])
    ring.clear()
    assert not ring.packets()
    assert ring.bytes_held == 0
