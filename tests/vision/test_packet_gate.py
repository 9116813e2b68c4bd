"""A camera's pictures are left undecoded only where its packets were proved to tell of every motion."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.vision import packet_gate
from agent.vision.motion import MotionReading
from agent.vision.packet_gate import (
    AUDIT_EVERY_S,
    AUDIT_S,
    HOLD_S,
    MOST_ASLEEP_S,
    MOTIONS_TO_TRUST,
    PacketGate,
)

FPS = 10
QUIET_BYTES, MOVING_BYTES, KEYFRAME_BYTES = 1000, 4000, 20_000
SURE_LOOKS = 2
MOTION_S, PAUSE_S = 2.0, 8.0


@dataclass
class Camera:
    """Feeds a gate as a stream would: a keyframe every `group_s`, a look at each picture that is decoded.

    The detector is sure at its third look at a motion.
    """

    gate: PacketGate = field(default_factory=PacketGate)
    group_s: float = 2.0
    decode_s: float = 0.002
    frame: int = 0
    awake: list[tuple[float, bool]] = field(default_factory=list)

    @property
    def at_s(self) -> float:
        return self.frame / FPS

    def show(self, seconds: float, size: int, *, moving: bool) -> Sequence[bool]:
        """Return for each packet whether pictures were decoded; keyframes are looked at in any case."""
        first, looks = len(self.awake), 0
        for _ in range(round(seconds * FPS)):
            is_keyframe = self.frame % round(self.group_s * FPS) == 0
            at_s = self.at_s
            awake = self.gate.awake(
                at_s, KEYFRAME_BYTES if is_keyframe else size, is_keyframe=is_keyframe, decode_s=self.decode_s
            )
            self.awake.append((at_s, awake))
            if awake or is_keyframe:
                looks += moving
                self.gate.saw(reading(at_s, moving=looks > SURE_LOOKS, score=2.0 if moving else 0.0))
            self.frame += 1
        return [awake for _, awake in self.awake[first:]]

    def prove(self, size: int = MOVING_BYTES, motions: int = MOTIONS_TO_TRUST) -> None:
        """Show that many motions, with pauses."""
        for _ in range(motions):
            self.show(PAUSE_S, QUIET_BYTES, moving=False)
            self.show(MOTION_S, size, moving=True)

    def until_audits_are_over(self) -> None:
        left_s = AUDIT_S - self.at_s % AUDIT_EVERY_S
        if left_s > 0:
            self.show(left_s, QUIET_BYTES, moving=False)


def reading(at_s: float, *, moving: bool, score: float | None = None, light_change: bool = False) -> MotionReading:
    score = (2.0 if moving else 0.0) if score is None else score
    return MotionReading(at_s, moving, light_change, 0.01, None, score, 1.0)


@pytest.fixture
def proved() -> Camera:
    camera = Camera()
    camera.prove()
    camera.until_audits_are_over()
    camera.show(HOLD_S + 1.0, QUIET_BYTES, moving=False)
    assert not camera.awake[-1][1], "else nothing below says anything"
    return camera


def test_before_enough_motions_every_picture_is_decoded() -> None:
    camera = Camera()
    camera.prove(motions=MOTIONS_TO_TRUST - 1)
    camera.show(200.0, QUIET_BYTES, moving=False)
    assert all(awake for _, awake in camera.awake)
    assert not camera.gate.report().trusted


def test_motion_that_packets_never_tell_of_is_never_slept_through() -> None:
    """A constant bit rate: packets are as large with motion as without."""
    camera = Camera()
    camera.prove(QUIET_BYTES, motions=40)
    assert all(awake for _, awake in camera.awake)


def test_one_motion_that_the_packets_did_not_tell_of_ends_the_trust(proved: Camera) -> None:
    proved.show(3 * proved.group_s, QUIET_BYTES, moving=True)
    assert proved.gate.report().missed == 1
    assert not proved.gate.report().trusted
    proved.show(PAUSE_S, QUIET_BYTES, moving=False)
    assert all(proved.show(60.0, QUIET_BYTES, moving=False))


def test_a_keyframe_shows_what_packets_do_not_and_wakes(proved: Camera) -> None:
    seen = proved.show(2 * proved.group_s, QUIET_BYTES, moving=True)
    assert seen.index(True) <= proved.group_s * FPS
    assert all(seen[seen.index(True) :])


def test_packets_of_a_motion_wake_within_three_pictures(proved: Camera) -> None:
    seen = proved.show(1.0, MOVING_BYTES, moving=True)
    assert seen.index(True) < 3


def test_what_is_less_than_any_motion_so_far_and_more_than_a_still_picture_wakes(proved: Camera) -> None:
    """Ten cars prove nothing of a cat: where still pictures are that quiet, a fifth more is heard."""
    assert not any(proved.show(10.0, round(1.05 * QUIET_BYTES), moving=False))
    assert proved.show(2.0, round(1.25 * QUIET_BYTES), moving=False)[-1]


def test_where_still_pictures_vary_more_than_that_the_weakest_motion_decides() -> None:
    camera = Camera()
    for _ in range(MOTIONS_TO_TRUST):
        for _ in range(round(PAUSE_S)):
            camera.show(0.8, QUIET_BYTES, moving=False)
            camera.show(0.2, 2 * QUIET_BYTES, moving=False)
        camera.show(MOTION_S, MOVING_BYTES, moving=True)
    camera.until_audits_are_over()
    camera.show(HOLD_S + 1.0, QUIET_BYTES, moving=False)
    assert not any(camera.show(0.2, round(1.5 * QUIET_BYTES), moving=False))
    assert camera.show(0.4, round(0.9 * MOVING_BYTES), moving=False)[-1]


def test_the_weakest_motion_that_proved_it_wakes_again() -> None:
    camera = Camera()
    camera.prove(round(QUIET_BYTES * 1.9), motions=3)
    camera.prove()
    camera.until_audits_are_over()
    camera.show(HOLD_S + 1.0, QUIET_BYTES, moving=False)
    assert True in camera.show(1.0, round(QUIET_BYTES * 1.9), moving=True)
    assert camera.gate.report().missed == 0


def test_a_quiet_scene_sleeps_but_for_audits(proved: Camera) -> None:
    before = proved.gate.report()
    proved.show(10 * AUDIT_EVERY_S, QUIET_BYTES, moving=False)
    after = proved.gate.report()
    slept = (after.asleep_s - before.asleep_s) / (after.heard_s - before.heard_s)
    assert slept == pytest.approx(1 - AUDIT_S / AUDIT_EVERY_S, abs=0.03)
    assert after.missed == 0


@pytest.mark.parametrize("size", [QUIET_BYTES // 4, MOVING_BYTES], ids=["far smaller", "larger"])
def test_packets_of_another_size_wake_whatever_it_means(proved: Camera, size: int) -> None:
    assert proved.show(1.0, size, moving=False)[-1]


def test_somebody_who_wants_pictures_gets_all_of_them_for_a_while(proved: Camera) -> None:
    proved.gate.ask()
    seen = proved.show(HOLD_S + 2.0, QUIET_BYTES, moving=False)
    assert all(seen[: round(HOLD_S * FPS)])
    assert not seen[-1]


def test_a_light_change_in_a_keyframe_wakes(proved: Camera) -> None:
    proved.gate.saw(reading(proved.at_s, moving=False, light_change=True))
    assert all(proved.show(1.0, QUIET_BYTES, moving=False))


def test_half_a_score_is_looked_at_more_closely(proved: Camera) -> None:
    proved.gate.saw(reading(proved.at_s, moving=False, score=0.6))
    assert all(proved.show(1.0, QUIET_BYTES, moving=False))


def test_motions_of_the_day_prove_nothing_of_a_noisy_night(proved: Camera) -> None:
    """Packets of the night are larger: once their size is what is usual, the motions of the day do not count."""
    noisy = QUIET_BYTES * 2
    proved.show(30.0, noisy, moving=False)
    assert not proved.gate.report().trusted
    assert all(proved.show(AUDIT_EVERY_S, noisy, moving=False)[FPS:])


@pytest.mark.parametrize(
    ("group_s", "decode_s"),
    [(MOST_ASLEEP_S + 1.0, 0.0001), (2.0, 0.05)],
    ids=["keyframes too rare", "decoding too slow"],
)
def test_where_waking_would_take_long_nothing_is_slept_through(group_s: float, decode_s: float) -> None:
    camera = Camera(group_s=group_s, decode_s=decode_s)
    camera.prove(motions=2 * MOTIONS_TO_TRUST)
    camera.show(60.0, QUIET_BYTES, moving=False)
    assert all(awake for _, awake in camera.awake)


def test_another_opening_of_the_camera_keeps_what_was_learnt_but_settles_first(proved: Camera) -> None:
    proved.gate.begin()
    proved.frame = 0
    seen = proved.show(AUDIT_S + 10.0, QUIET_BYTES, moving=False)
    assert all(seen[: round(AUDIT_S * FPS)])
    assert not seen[-1]
    proved.gate.begin()
    assert proved.gate.report().motions >= MOTIONS_TO_TRUST


@given(
    sizes=st.lists(st.integers(1, 60_000), min_size=1, max_size=200),
    seen=st.lists(st.floats(0, 5), min_size=1, max_size=20),
)
def test_whatever_comes_it_sleeps_only_while_trusted(sizes: list[int], seen: list[float]) -> None:
    gate = PacketGate()
    for index, size in enumerate(sizes):
        is_keyframe = index % 20 == 0
        awake = gate.awake(index / FPS, size, is_keyframe=is_keyframe, decode_s=0.001)
        assert awake or gate.report().trusted
        score = seen[index % len(seen)]
        gate.saw(reading(index / FPS, moving=score > 1.0, score=score))
    report = gate.report()
    assert 0 <= report.asleep_s <= report.heard_s


def test_the_constants_agree_with_each_other() -> None:
    """A sleeping camera is never blind (5 s), and its motions are still heard when they are decided."""
    assert packet_gate.MOST_ASLEEP_S < 5.0
    assert AUDIT_S < AUDIT_EVERY_S
