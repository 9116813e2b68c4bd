"""Several looks that come at once, after a rest, are one reading in which no begin is lost."""

from agent.vision.motion import MotionReading, merged


def look(at_s: float, *, moving: bool, onset_s: float | None = None, still_s: float | None = None) -> MotionReading:
    return MotionReading(at_s, moving, False, 0.02, None, 2.0 if moving else 0.0, 1.0, onset_s=onset_s, still_s=still_s)


def test_the_first_look_is_the_reading() -> None:
    assert merged(None, look(1.0, moving=True)) == look(1.0, moving=True)


def test_a_motion_that_is_over_at_the_last_look_still_moves_and_says_where_it_began() -> None:
    began = look(1.0, moving=True, onset_s=0.9, still_s=0.8)
    assert merged(began, look(1.2, moving=False)) == began


def test_a_motion_that_goes_on_keeps_its_begin_and_has_the_newest_box() -> None:
    said = merged(look(1.0, moving=True, onset_s=0.9, still_s=0.8), look(1.2, moving=True))
    assert (said.at_s, said.onset_s, said.still_s) == (1.2, 0.9, 0.8)


def test_a_second_begin_is_told_as_its_own() -> None:
    light = look(1.0, moving=False, onset_s=0.9, still_s=0.8)
    said = merged(light, look(1.2, moving=True, onset_s=1.1, still_s=1.0))
    assert (said.moving, said.onset_s, said.still_s) == (True, 1.1, 1.0)
